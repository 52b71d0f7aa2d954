"""A training as one object: what its stages, its time estimate and what comes after them work on."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from torch import nn

from pipeline.configuration.config import RunConfig
from pipeline.data.cache import JoinedPixels, open_pixels
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.errors import DataError
from pipeline.files.workspace import Workspace
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.training.extra_images import Extra, extra_dataset, stored_extra
from pipeline.training.parts import rows_and_targets, stored_split

Parts = dict[str, tuple[np.ndarray, np.ndarray]]  # (rows, targets) by part: place of the pixels, class index


class Pixels(Protocol):
    """Decoded images by their row in the data set: a cache on disk, files decoded as they are asked for, or a few."""

    def pixels(self, row: int) -> np.ndarray:
        """uint8 (height, width, 3); with resize "crop" the longer side may be longer."""

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """uint8 (N, height, width, 3); the images must have one shape."""


class TrainingData(NamedTuple):
    """A data set, its split (image_id, lesion_id, dx, part), (rows, targets) by part, and the pixels; and extra images,
    whose pixels come after the others and which are in the part "train" alone, not in the split."""

    dataset: Dataset
    split: pd.DataFrame
    parts: Parts
    pixels: Pixels
    extra: Extra | None = None


@dataclass(frozen=True)
class Training:
    """A run in training.

    Attributes:
        run: its folder.
        config: as the run's, with smaller batches where the GPU's memory ran out.
        data: what it learns from; "train" and "validation" are among its parts.
        network: `Sequential(body, head)`; training changes it in place.
        reporter: told each choice and step; an estimate, which writes nothing, has one with `note` and `watch` alone.
        device: torch device name.
    """

    run: RunDir
    config: RunConfig
    data: TrainingData
    network: nn.Sequential
    reporter: Reporter
    device: str


def gather(run: RunDir, config: RunConfig, workspace: Workspace, reporter: Reporter) -> TrainingData:
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
    other, extra = extra_dataset(workspace, config), None
    split = stored_split(run, config, dataset, other)
    if other is not None:
        extra = stored_extra(run, config, dataset, other, split, reporter.watch)
        for sentence in extra.sentences(split):
            reporter.note(sentence)
    parts, size = rows_and_targets(split, dataset.metadata(), dataset.classes, extra), (config.height, config.width)
    reporter.say("Decodes the images.")
    with reporter.timed("data"):
        pixels = open_pixels(dataset, *size, config.resize, reporter.watch, reporter.note)
        if extra is None:
            return TrainingData(dataset, split, parts, pixels)
        more = open_pixels(extra.dataset, *size, config.resize, reporter.watch, reporter.note, extra.detail)
    return TrainingData(dataset, split, parts, JoinedPixels(pixels, more), extra)
