"""What the job of `jobs.tasks` left in a run's folder, as it is read."""

from pathlib import Path

import pandas as pd

from pipeline.errors import WorkspaceError
from pipeline.explain.image_map import SIDE
from pipeline.explain.perturb import NAMED
from pipeline.files.parquet import TEXT, Column, read_table
from pipeline.files.records import read_record
from pipeline.metrics.lesion_answers import FlipShare

_REPAIR = "Delete that file, and let the network look again on the page Explore."
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
