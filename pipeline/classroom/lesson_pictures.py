"""Where the pictures of a lesson lie: in any data set here that has the image, the largest copy first."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.classroom.lesson import Item, Lesson
from pipeline.data.dataset import Dataset, list_datasets
from pipeline.data.image_rights import NOT_STATED
from pipeline.errors import WorkspaceError
from pipeline.files.workspace import Workspace


class Picture(NamedTuple):
    """A copy of an image, `width` by `height` pixels, the `data` set that has it, and the licence of the image."""

    data: str
    path: Path
    width: int
    height: int
    licence: str

    @property
    def short_side(self) -> int:
        return min(self.width, self.height)


def all_pictures(workspace: Workspace, generated: bool) -> dict[tuple[str, str], Picture]:
    """The largest copy of every image here by (image_id, dx): the same id with another diagnosis is another image.

    Of equally large copies the one that shows the whole image comes first, then by name of the data set. A data set
    whose table is damaged has none.

    Args:
        generated: whether among LesionLab's drawings; else among all others.
    """
    found: dict[tuple[str, str], Picture] = {}
    for dataset in sorted(list_datasets(workspace), key=lambda one: (one.view != "whole", one.name)):
        if dataset.generated != generated:
            continue
        try:
            rows = _rows(dataset)
        except WorkspaceError:  # its own page says so
            continue
        for image_id, dx, file, width, height, licence in rows.itertuples(index=False, name=None):
            known = found.get((image_id, dx))
            if known is None or min(width, height) > known.short_side:
                found[image_id, dx] = Picture(dataset.name, dataset.image_path(file), int(width), int(height),
                                             licence)
    return found


def _rows(dataset: Dataset) -> pd.DataFrame:
    """image_id, dx, file, width, height, and licence: each image's own where its table has them, else the data set's.
    """
    table = dataset.metadata()
    licence = table["licence"].fillna(NOT_STATED) if "licence" in table else dataset.licence
    return table[["image_id", "dx", "file", "width", "height"]].assign(licence=licence)


def find_pictures(workspace: Workspace, lesson: Lesson) -> dict[str, Picture]:
    """The largest copy here of each image of the lesson, by image_id; those that are not here are left out."""
    pictures = all_pictures(workspace, lesson.generated)
    items = [item for form in lesson.forms.values() for item in form]
    return {item.image_id: pictures[item.image_id, item.dx] for item in items if (item.image_id, item.dx) in pictures}


def find_picture(workspace: Workspace, lesson: Lesson, item: Item) -> Picture | None:
    """The largest copy here of an item's image; None where there is none. For many items `find_pictures`."""
    return all_pictures(workspace, lesson.generated).get((item.image_id, item.dx))
