"""A data set in the workspace: its description, its table and its files."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.errors import DataError, WorkspaceError
from pipeline.files import read_json
from pipeline.workspace import Workspace

_REPAIR = "Import the data set again under the same name."


@dataclass(frozen=True)
class Dataset:
    """What `dataset.json` says.

    Attributes:
        classes: its diagnoses' codes, alphabetically.
        content_hash: SHA-256 over ids, lesions, diagnoses and image bytes.
        generated: whether its images carry LesionLab's generated mark.
        images, lesions: how many.
        diagnoses: code to {"images": n, "lesions": n}.
        problems: what was left out at import, as {image_id, problem}.
        notes: what holds for the data set as a whole, in sentences: lesion ids that are missing, images that were in
            another data set of the workspace when it was imported.
    """

    name: str
    folder: Path
    classes: tuple[str, ...]
    content_hash: str
    generated: bool
    images: int
    lesions: int
    diagnoses: dict[str, dict[str, int]]
    problems: list[dict]
    licence: str
    attribution: str
    imported: float
    notes: list[str] = field(default_factory=list)

    def metadata(self) -> pd.DataFrame:
        """A row an image, in a fixed order: image_id, lesion_id, dx, dx_type, age (years, NaN where not recorded),
        sex, localization, source, file, width, height (pixels), sha256.

        Raises:
            WorkspaceError: the table is damaged or gone.
        """
        path = self.folder / "metadata.parquet"
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:  # pyarrow's ArrowInvalid is a ValueError
            raise WorkspaceError(f"{path} is damaged or gone.", _REPAIR) from error

    def image_path(self, file: str) -> Path:
        return self.folder / "images" / file

    def mask_path(self, image_id: str) -> Path | None:
        """The lesion mask of an image (8-bit grey, at least 128 is lesion), where the data set has one."""
        path = self.folder / "masks" / f"{image_id}.png"
        return path if path.exists() else None


def check_name(name: str) -> str:
    """`name` if it can name a data set.

    Raises:
        DataError: it cannot.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        raise DataError(
            f"{name!r} cannot be a data set's name.",
            "Use up to 64 lower-case letters, digits, dots, dashes and underscores, starting with a letter or digit.",
        )
    return name


def _check_table(path: Path) -> None:
    """A quick look: a parquet file ends in its magic number, unless it was cut off."""
    try:
        with path.open("rb") as file:
            file.seek(-4, 2)
            whole = file.read() == b"PAR1"
    except OSError:
        whole = False
    if not whole:
        raise WorkspaceError(f"{path} is damaged or gone.", _REPAIR)


def _read(folder: Path) -> Dataset:
    path = folder / "dataset.json"
    try:
        stored = read_json(path)
        # the folder's name counts: it is what every other command knows the data set by
        dataset = Dataset(**{**stored, "folder": folder, "name": folder.name, "classes": tuple(stored["classes"])})
    except (KeyError, TypeError, OSError) as error:
        raise WorkspaceError(f"{path} is damaged: {error}.", _REPAIR) from error
    except WorkspaceError as error:
        raise WorkspaceError(error.problem, _REPAIR) from error
    _check_table(folder / "metadata.parquet")
    return dataset


def _read_all(workspace: Workspace) -> dict[str, Dataset | WorkspaceError]:
    """Every data set, or what is wrong with it, by name; half-made ones are hidden folders and no data sets."""
    found: dict[str, Dataset | WorkspaceError] = {}
    paths = sorted(workspace.datasets.glob("*/dataset.json")) if workspace.datasets.is_dir() else []
    for folder in (path.parent for path in paths if not path.parent.name.startswith(".")):
        try:
            found[folder.name] = _read(folder)
        except WorkspaceError as error:
            found[folder.name] = error
    return found


def list_datasets(workspace: Workspace) -> list[Dataset]:
    """All whole data sets of the workspace, by name; `damaged_datasets` has the others."""
    return [found for found in _read_all(workspace).values() if isinstance(found, Dataset)]


def damaged_datasets(workspace: Workspace) -> dict[str, WorkspaceError]:
    """What is wrong with each data set that cannot be read, by name."""
    return {name: found for name, found in _read_all(workspace).items() if isinstance(found, WorkspaceError)}


def load_dataset(workspace: Workspace, name: str) -> Dataset:
    """The data set of that name.

    Raises:
        DataError: there is none; the sentence names those that there are.
        WorkspaceError: it is damaged.
    """
    check_name(name)
    folder = workspace.datasets / name
    if not (folder / "dataset.json").exists():
        names = ", ".join(dataset.name for dataset in list_datasets(workspace)) or "none yet"
        raise DataError(f"There is no data set named {name}.", f"The workspace has: {names}. Import it first.")
    return _read(folder)
