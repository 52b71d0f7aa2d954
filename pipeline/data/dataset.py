"""A data set in the workspace: its description, its table and its files."""

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import pandas as pd
from annotated_types import Len
from typing_extensions import TypedDict

from pipeline.data.image_rights import RIGHTS
from pipeline.errors import DataError, WorkspaceError
from pipeline.files.bounds import Code, Count, Moment, Text, Word
from pipeline.files.disk import folders_with, kept_while_unchanged
from pipeline.files.parquet import TEXT, Column, read_table
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.vocabulary import View

MOST_DIAGNOSES = 100
_REPAIR = "Import the data set again under the same name."
_GAPS = Column(gaps=True)
_PIXELS = Column("whole", 1, 10**6)
_METADATA = {
    "image_id": TEXT, "lesion_id": TEXT, "dx": TEXT, "dx_type": _GAPS, "age": Column("number", 0, 200, gaps=True),
    "sex": _GAPS, "localization": _GAPS, "source": _GAPS, "file": TEXT, "width": _PIXELS, "height": _PIXELS,
    "sha256": TEXT, **dict.fromkeys(("fitzpatrick", *RIGHTS), Column(gaps=True, optional=True)),
}


class Diagnosis(TypedDict):
    """How many images and lesions have it."""

    images: Count
    lesions: Count


class Problem(TypedDict):
    """What was wrong with an image at the import."""

    image_id: Text
    problem: Text


@dataclass(frozen=True)
class Dataset:
    """What `dataset.json` says; whoever reads one shares it with others, so it must not be changed.

    Attributes:
        classes: its diagnoses' codes, alphabetically.
        content_hash: SHA-256 over ids, lesions, diagnoses and image bytes.
        generated: whether its images carry LesionLab's generated mark.
        images, lesions: how many.
        diagnoses: code to {"images": n, "lesions": n}.
        problems: what was left out at import, as {image_id, problem}.
        notes: what holds for the data set as a whole, in sentences: lesion ids that are missing, images that were in
            another data set of the workspace when it was imported.
        view: the part of the original images that its copies show.
    """

    name: Word
    folder: Path
    classes: Annotated[tuple[Code, ...], Len(1, MOST_DIAGNOSES)]
    content_hash: Word
    generated: bool
    images: Count
    lesions: Count
    diagnoses: dict[Code, Diagnosis]
    problems: list[Problem]
    licence: Text
    attribution: Text
    imported: Moment
    notes: list[Text] = field(default_factory=list)
    view: View = "whole"

    @property
    def rights(self) -> str:
        """Licence and attribution, as far as they are recorded."""
        return " ".join(filter(None, (self.licence, self.attribution)))

    def metadata(self) -> pd.DataFrame:
        """A row an image, in a fixed order: image_id, lesion_id, dx, dx_type, age (years, NaN where not recorded),
        sex, localization, source, file, width, height (pixels), sha256; where they are recorded for any,
        fitzpatrick (I to VI), licence and attribution.

        Raises:
            WorkspaceError: the table is damaged or gone.
        """
        path = self.folder / "metadata.parquet"
        table = read_table(path, _METADATA, _REPAIR, unique="image_id")
        if len(table) != self.images or not set(table["dx"]) <= set(self.classes):
            raise WorkspaceError(f"{path} is damaged: it is not the table of this data set.", _REPAIR)
        if not table["file"].map(_is_plain).all() or not table["image_id"].map(_is_plain).all():
            raise WorkspaceError(f"{path} is damaged: the column file or image_id has a path.", _REPAIR)
        return table

    def copy_size(self) -> tuple[int, int] | None:
        """(width, height) in pixels of its images, where all have the same; else None. Raises as `metadata`."""
        sizes = self.metadata()[["width", "height"]].drop_duplicates()
        return (int(sizes.iat[0, 0]), int(sizes.iat[0, 1])) if len(sizes) == 1 else None

    def image_path(self, file: str) -> Path:
        return self.folder / "images" / file

    def mask_path(self, image_id: str) -> Path | None:
        """The lesion mask of an image (8-bit grey, at least 128 is lesion), where the data set has one."""
        path = self.folder / "masks" / f"{image_id}.png"
        return path if path.exists() else None


def _is_plain(name: str) -> bool:
    """Whether it names a file within a folder, and leads nowhere else."""
    return "/" not in name and "\\" not in name and "\0" not in name and name not in ("", ".", "..")


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


@kept_while_unchanged(entries=256)  # a page asks for all data sets
def _described(path: Path) -> Dataset:
    # the folder's name counts: it is what every other command knows the data set by
    dataset = replace(read_record(path, Dataset, _REPAIR, folder=path.parent), name=path.parent.name)
    if set(dataset.diagnoses) != set(dataset.classes):
        raise WorkspaceError(f"{path} is damaged: its fields diagnoses and classes differ.", _REPAIR)
    return dataset


def _read(folder: Path) -> Dataset:
    dataset = _described(folder / "dataset.json")
    _check_table(folder / "metadata.parquet")
    return dataset


def _read_all(workspace: Workspace) -> dict[str, Dataset | WorkspaceError]:
    """Every data set, or what is wrong with it, by name; half-made ones are hidden folders and no data sets."""
    found: dict[str, Dataset | WorkspaceError] = {}
    for folder in folders_with(workspace.datasets, "dataset.json"):
        if folder.name.startswith("."):
            continue
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
    if not os.path.lexists(folder / "dataset.json"):
        names = ", ".join(dataset.name for dataset in list_datasets(workspace)) or "none yet"
        raise DataError(f"There is no data set named {name}.", f"The workspace has: {names}. Import it first.")
    return _read(folder)
