"""The tables and arrays of a run as they are read: each with the columns that it must have."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.data.extra import LEFT_OUT
from pipeline.errors import WorkspaceError
from pipeline.files.arrays import Array, read_arrays
from pipeline.files.parquet import SHARE, TEXT, Column, read_table
from pipeline.metrics.predictions_table import PREFIX, check_probabilities, codes_in
from pipeline.vocabulary import PARTS

_PART = Column(among=PARTS)
_SPLIT = {
    "image_id": TEXT, "lesion_id": TEXT, "dx": TEXT, "part": _PART, "dx_there": Column(optional=True),
    "group_id": Column(optional=True), "fold": Column("whole", 0, 4, optional=True),
}
_PREDICTIONS = {
    "part": _PART, "image_id": TEXT, "lesion_id": TEXT, "truth": TEXT, "predicted": TEXT,
    "loss": Column("number", 0, 10**6), "fold": Column("whole", optional=True),
}
_HEATMAPS = {"image_id": Array("U", 1), "predicted": Array("f", 3), "truth": Array("f", 3)}
_EXTRA = {
    "image_id": TEXT, "lesion_id": TEXT, "dx": TEXT, "sha256": TEXT,
    "left_out": Column(gaps=True, among=tuple(LEFT_OUT)),
}
_MOST_CODES = 100
_NEW_RUN = "Start a new run, or restore it from a copy."
_HEATMAPS_GONE = "Delete that file: the run then goes without heatmaps."


def read_split(path: Path) -> pd.DataFrame:
    """A row an image: image_id, lesion_id, dx (code), part (one of PARTS); of an evaluation also dx_there, and fold,
    where each image is judged by the network of a cross-validation that left it out.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it is damaged.
    """
    return read_table(path, _SPLIT, _NEW_RUN, unique="image_id")


def read_extra(path: Path) -> pd.DataFrame:
    """A row an image of the data set that joined the training part: image_id, lesion_id, dx, sha256, and left_out: the
    key of `data.extra.LEFT_OUT` of one that did not join, else NA.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it is damaged.
    """
    return read_table(path, _EXTRA, _NEW_RUN, unique="image_id")


def read_predictions(path: Path) -> pd.DataFrame:
    """A row a judged image: part, image_id, lesion_id, truth, predicted, p_<code>…, loss.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it is damaged.
    """
    table = read_table(path, _PREDICTIONS, _NEW_RUN, prefixed={PREFIX: SHARE}, unique="image_id")
    check_probabilities(table, path, _NEW_RUN)
    codes = codes_in(table)  # a truth may be one that the run never learnt
    if len(codes) > _MOST_CODES or not set(table["predicted"]) <= set(codes):
        raise WorkspaceError(f"{path} is damaged: it predicts a diagnosis that it has no probability for.", _NEW_RUN)
    return table


class Heatmaps(NamedTuple):
    """A run's stored heatmaps: row by image_id, and (N, h, w) for the predicted and the true diagnosis."""

    row: dict[str, int]
    predicted: np.ndarray
    truth: np.ndarray


def read_heatmaps(path: Path) -> Heatmaps:
    """The heatmaps in the .npz file at `path`.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it is damaged.
    """
    stored = read_arrays(path, _HEATMAPS, _HEATMAPS_GONE)
    shape = stored["predicted"].shape
    if shape != stored["truth"].shape or len(stored["image_id"]) != shape[0] or 0 in shape[1:]:
        raise WorkspaceError(f"{path} is damaged: its arrays are not of the same images.", _HEATMAPS_GONE)
    rows = {str(image_id): row for row, image_id in enumerate(stored["image_id"])}
    if len(rows) != shape[0]:
        raise WorkspaceError(f"{path} is damaged: it has an image twice.", _HEATMAPS_GONE)
    return Heatmaps(rows, stored["predicted"], stored["truth"])
