"""The parts of a run's split, and where the pixels of their images lie."""

import io

import numpy as np
import pandas as pd

from pipeline.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.data.reserved import check_reserved, metadata_to_split
from pipeline.data.split import limit_images, make_split
from pipeline.errors import DataError, TrainingError
from pipeline.files import replace_file
from pipeline.runs.run_dir import RunDir


def plan_split(config: RunConfig, metadata: pd.DataFrame) -> pd.DataFrame:
    """The split that `config` asks for."""
    chosen = limit_images(metadata, config.limit, config.seed) if config.limit else metadata
    return make_split(chosen, config.split, config.seed, config.fold)


def stored_split(run: RunDir, config: RunConfig, dataset: Dataset) -> pd.DataFrame:
    """The run's split: the one it stored when it began, else a new one that is stored now.

    Its own split holds, whatever pairs have been confirmed since; but not where images of it have been reserved.

    Raises:
        DataError: images were reserved, or pairs confirmed, after the run was planned; or too few are left to split.
        WorkspaceError: the disk is full or cannot be written.
    """
    check_reserved(config.reserved, dataset)
    if run.split_path.exists():
        return run.split()
    split = plan_split(config, metadata_to_split(dataset, config.same_lesion))
    content = io.BytesIO()
    split.to_parquet(content, index=False)
    replace_file(run.split_path, content.getbuffer())
    return split


def rows_and_targets(split: pd.DataFrame, metadata: pd.DataFrame, classes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each part, the pixel row (N,) and the class index (N,) int64 of its images; "validation" may have none.

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
    return parts
