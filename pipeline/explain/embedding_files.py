"""What the job of `jobs.tasks` left in a run's folder, or the making of the bundled one, as it is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.errors import WorkspaceError
from pipeline.explain.image_map import SIDE
from pipeline.explain.perturb import NAMED
from pipeline.files.arrays import Array, read_arrays
from pipeline.files.parquet import TEXT, Column, read_table
from pipeline.files.records import read_record
from pipeline.metrics.lesion_answers import FlipShare

_REPAIR = "Delete that file, and let the network look again on the page Errors, under Map."
_PLACE = Column("number", 0, SIDE)
_NEIGHBOURS = {
    "image_id": TEXT, "kind": Column(among=("same", "other")), "rank": Column("whole", 1, 1000), "neighbour": TEXT,
    "lesion_id": TEXT, "dx": TEXT, "similarity": Column("number", -1.01, 1.01), "data": Column(optional=True),
}


def read_neighbours(path: Path) -> pd.DataFrame:
    """As `nearest_lesions` gives them, with `data`, the data set of the neighbours.

    Raises:
        MissingFileError: they were not computed.
        WorkspaceError: the file is damaged.
    """
    return read_table(path, _NEIGHBOURS, _REPAIR)


def read_places(path: Path) -> pd.DataFrame:
    """image_id, x and y (0..SIDE) of each image of the map.

    Raises:
        MissingFileError: it was not drawn.
        WorkspaceError: the file is damaged.
    """
    return read_table(path, {"image_id": TEXT, "x": _PLACE, "y": _PLACE}, _REPAIR, unique="image_id")


def read_flip_shares(path: Path) -> dict[str, FlipShare]:
    """What flips the predictions, by name of perturbation.

    Raises:
        MissingFileError: it was not computed.
        WorkspaceError: the file is damaged.
    """
    shares = read_record(path, dict[str, FlipShare], _REPAIR)
    if not shares or not shares.keys() <= NAMED.keys():
        raise WorkspaceError(f"{path} is damaged: it speaks of other changes than LesionLab makes.", _REPAIR)
    return shares


class ChangedAnswers(NamedTuple):
    """Stored answers to changed pictures: row by image_id, the names of the changes (P,), and (N, P, C) probabilities
    in the order of the codes."""

    row: Mapping[str, int]
    changes: tuple[str, ...]
    probabilities: np.ndarray

    def of(self, image_id: str) -> dict[str, np.ndarray]:
        """(C,) probabilities of one image by the name of the change; none where nothing is stored of it."""
        if image_id not in self.row:
            return {}
        return dict(zip(self.changes, self.probabilities[self.row[image_id]], strict=True))


_CHANGED = {"image_id": Array("U", 1), "change": Array("U", 1), "probabilities": Array("f", 3)}
_CHANGED_GONE = "Restore that file from a copy."


def read_changed(path: Path) -> ChangedAnswers:
    """The stored answers to changed pictures.

    Raises:
        MissingFileError: there are none.
        WorkspaceError: the file is damaged.
    """
    stored = read_arrays(path, _CHANGED, _CHANGED_GONE)
    ids, changes = map(str, stored["image_id"]), tuple(map(str, stored["change"]))
    row = {image_id: place for place, image_id in enumerate(ids)}
    if stored["probabilities"].shape[:2] != (len(row), len(changes)) or not set(changes) <= NAMED.keys():
        raise WorkspaceError(f"{path} is damaged: its arrays are not of the same images and changes.", _CHANGED_GONE)
    return ChangedAnswers(row, changes, stored["probabilities"])
