"""Which images a model was trained on: a small table beside its weights, so that nobody tests it on them unawares."""

import os
from pathlib import Path

import pandas as pd

from pipeline.errors import ModelError, WorkspaceError
from pipeline.files.disk import disk_errors
from pipeline.files.parquet import TEXT, Column, read_table
from pipeline.models.model_info import ModelInfo

COLUMNS = ["image_id", "lesion_id", "sha256"]
_SCHEMA = {**dict.fromkeys(COLUMNS, TEXT), "data": Column(optional=True)}
FILE = "training_images.parquet"


def write_training_images(folder: Path, metadata: pd.DataFrame, image_ids: pd.Series) -> None:
    """Writes ids, lesions and content hashes of the images `image_ids` into a model's folder.

    Args:
        metadata: the data set's table, with COLUMNS, and perhaps `data`: the name of each image's data set.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    columns = [*COLUMNS, *metadata.columns.intersection(["data"])]
    chosen = metadata.loc[metadata["image_id"].isin(image_ids), columns].sort_values("image_id", ignore_index=True)
    path = folder / FILE
    with disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        chosen.to_parquet(path, index=False, compression="zstd", use_dictionary=["lesion_id"])


def training_images(info: ModelInfo) -> pd.DataFrame:
    """The images that the model was trained on, whatever set they came from.

    Returns:
        A row an image, by image_id: image_id, lesion_id, and sha256 (of the image file's bytes, 64 hexadecimal digits);
        of a model with extra images also data, the name of each image's data set.

    Raises:
        ModelError: the model is older than this table, or the table is damaged or not this model's.
    """
    path = info.folder / FILE
    if not os.path.lexists(path):
        raise ModelError(
            f"The model {info.name} does not say which images it was trained on: it was made before models carried "
            "that list.",
            "Train it again to have it.",
        )
    try:
        table = read_table(path, _SCHEMA, "Train it again.", unique="image_id")
    except WorkspaceError as error:
        raise ModelError(f"The list of training images of the model {info.name} is damaged: {error.problem}",
                         "Train it again.") from error
    if len(table) != info.training_images:
        raise ModelError(
            f"The model {info.name} was trained on {info.training_images:,} images, but its list of training images "
            f"has {len(table):,}.",
            "Train it again.",
        )
    return table
