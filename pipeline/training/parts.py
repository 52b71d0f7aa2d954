"""The parts of a run's split, and where the pixels of their images lie."""

import io
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.data.cache import JoinedPixels, OnTheFlyPixels
from pipeline.data.dataset import Dataset
from pipeline.data.reserved import check_reserved, metadata_to_split
from pipeline.data.split import limit_images, make_split
from pipeline.errors import DataError, TrainingError
from pipeline.files.disk import replace_file
from pipeline.files.workspace import Workspace
from pipeline.progress import Progress
from pipeline.runs.run_dir import RunDir
from pipeline.training.extra_images import Extra, choose_extra, extra_dataset


def plan_split(config: RunConfig, metadata: pd.DataFrame) -> pd.DataFrame:
    """The split that `config` asks for."""
    chosen = limit_images(metadata, config.limit, config.seed) if config.limit else metadata
    return make_split(chosen, config.split, config.seed, config.fold)


def stored_split(run: RunDir, config: RunConfig, dataset: Dataset, extra: Dataset | None) -> pd.DataFrame:
    """The run's split: the one it stored when it began, else a new one that is stored now.

    Its own split holds, whatever pairs have been confirmed since; but not where images of it have been reserved.

    Raises:
        DataError: images were reserved, or pairs confirmed, after the run was planned; or too few are left to split.
        WorkspaceError: the disk is full or cannot be written.
    """
    check_reserved(config.reserved, *filter(None, [dataset, extra]))
    if run.split_path.exists():
        return run.split()
    split = plan_split(config, metadata_to_split(dataset, config.same_lesion))
    content = io.BytesIO()
    split.to_parquet(content, index=False)
    replace_file(run.split_path, content.getbuffer())
    return split


def rows_and_targets(
    split: pd.DataFrame, metadata: pd.DataFrame, classes, extra: Extra | None = None
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each part, the pixel row (N,) and the class index (N,) int64 of its images; "validation" may have none.

    Args:
        extra: its images that join come after the others of the training part, and their rows are counted on from the
            last of `metadata`.

    Raises:
        DataError: a diagnosis has no training image.
        TrainingError: there are fewer than two training images.
    """
    row_of = pd.Series(np.arange(len(metadata)), index=metadata["image_id"])
    index_of = {code: i for i, code in enumerate(classes)}
    parts = {}
    for name, part in split.groupby("part"):
        parts[name] = (
            row_of[part["image_id"]].to_numpy(), part["dx"].map(index_of).to_numpy(dtype=np.int64)
        )
    parts.setdefault("validation", (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)))
    missing = set(range(len(classes))) - set(parts["train"][1].tolist())
    if missing:
        names = ", ".join(classes[i] for i in sorted(missing))
        raise DataError(f"The training part has no image of {names}.", "Use more images (a higher limit).")
    if len(parts["train"][0]) < 2:
        raise TrainingError("The training part has fewer than two images.", "Use more images.")
    if extra is not None:
        rows, targets = parts["train"]
        more = extra.joins["dx"].map(index_of).to_numpy(dtype=np.int64)
        joins = len(metadata) + np.flatnonzero(extra.table["left_out"].isna())
        parts["train"] = np.concatenate([rows, joins]), np.concatenate([targets, more])
    return parts


def own_targets(parts: dict[str, tuple[np.ndarray, np.ndarray]], images: int) -> np.ndarray | None:
    """(N,) int64 class index of the training images of the run's own data set, which has so many `images`; None where
    all are."""
    rows, targets = parts["train"]
    own = rows < images
    return None if own.all() else targets[own]


class Planned(NamedTuple):
    """What a run that has not begun would learn from: its split, (rows, targets) by part, and its extra images."""

    split: pd.DataFrame
    parts: dict[str, tuple[np.ndarray, np.ndarray]]
    extra: Extra | None


def planned(dataset: Dataset, config: RunConfig, progress: Progress) -> Planned:
    """The parts of a run on the data set; nothing is stored but how images look (`near_twins.fingerprints`).

    Raises:
        DataError: the split cannot be made, or the extra data set is gone, has changed, or has no image that may join.
        Cancelled: by `progress`.
    """
    split = plan_split(config, metadata_to_split(dataset, config.same_lesion))
    other = extra_dataset(Workspace(dataset.folder.parents[1]), config)
    extra = None if other is None else choose_extra(dataset, other, config, split, progress)
    return Planned(split, rows_and_targets(split, dataset.metadata(), dataset.classes, extra), extra)


def undecoded(dataset: Dataset, config: RunConfig, extra: Extra | None) -> OnTheFlyPixels | JoinedPixels:
    """The pixels of all images, decoded as they are asked for; those of the extra data set come after the others."""
    size = config.height, config.width, config.resize
    own = OnTheFlyPixels(dataset, *size)
    return own if extra is None else JoinedPixels(own, OnTheFlyPixels(extra.dataset, *size, extra.detail))
