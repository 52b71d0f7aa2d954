"""What a run learns from: its data set, its split and the decoded pixels."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.config import RunConfig
from pipeline.data.cache import open_pixels
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.errors import DataError
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.training.parts import rows_and_targets, stored_split
from pipeline.workspace import Workspace


class Material(NamedTuple):
    """A run's data set, split (image_id, lesion_id, dx, part), (rows, targets) by part, and pixels."""

    dataset: Dataset
    split: pd.DataFrame
    parts: dict[str, tuple[np.ndarray, np.ndarray]]
    pixels: object


def gather(run: RunDir, config: RunConfig, workspace: Workspace, reporter: Reporter) -> Material:
    """Loads the data set, makes or reads the split, and decodes the images where that has not been done.

    Raises:
        Cancelled: a stop was asked for.
        DataError: the data set is gone, has changed, or is too small.
    """
    dataset = load_dataset(workspace, config.data)
    if dataset.content_hash != config.data_hash:
        raise DataError(
            f"The data set {config.data} has changed since this run was planned.", "Start a new run on it."
        )
    split = stored_split(run, config, dataset)
    parts = rows_and_targets(split, dataset.metadata(), dataset.classes)
    reporter.say("Decodes the images.")
    with reporter.timed("data"):
        pixels = open_pixels(
            dataset, config.height, config.width, config.resize, reporter.watch, reporter.note
        )
    return Material(dataset, split, parts, pixels)
