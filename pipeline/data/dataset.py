"""A data set in the workspace: its description, its table and its files."""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.errors import DataError, WorkspaceError
from pipeline.files import read_json
from pipeline.workspace import Workspace


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

    def metadata(self) -> pd.DataFrame:
        """A row an image, in a fixed order: image_id, lesion_id, dx, dx_type, age (years, NaN where not recorded),
        sex, localization, source, file, width, height (pixels), sha256."""
        return pd.read_parquet(self.folder / "metadata.parquet")

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


def _read(folder: Path) -> Dataset:
    stored = read_json(folder / "dataset.json")
    try:
        return Dataset(folder=folder, **{**stored, "classes": tuple(stored["classes"])})
    except (KeyError, TypeError) as error:
        raise WorkspaceError(f"{folder / 'dataset.json'} is damaged: {error}.", "Import the data set again.") from error


def list_datasets(workspace: Workspace) -> list[Dataset]:
    """All data sets of the workspace, by name."""
    if not workspace.datasets.is_dir():
        return []
    return [_read(path.parent) for path in sorted(workspace.datasets.glob("*/dataset.json")) if path.parent.name[0] != "."]


def load_dataset(workspace: Workspace, name: str) -> Dataset:
    """The data set of that name.

    Raises:
        DataError: there is none; the sentence names those that there are.
    """
    check_name(name)
    folder = workspace.datasets / name
    if not (folder / "dataset.json").exists():
        names = ", ".join(dataset.name for dataset in list_datasets(workspace)) or "none yet"
        raise DataError(f"There is no data set named {name}.", f"The workspace has: {names}. Import it first.")
    return _read(folder)
