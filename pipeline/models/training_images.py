"""Which images a model was trained on: a small table beside its weights, so that nobody tests it on them unawares."""

import os
from pathlib import Path

import pandas as pd

from pipeline.errors import ModelError, WorkspaceError
from pipeline.files.disk import disk_errors
from pipeline.files.parquet import TEXT, Column, read_table
from pipeline.models.model_info import ModelInfo

COLUMNS = ["image_id", "lesion_id", "sha256"]
OF_FOLDS = ["fold", "perceptual_hash"]
_MORE = ["data", *OF_FOLDS]
FILE = "training_images.parquet"
_HASH = "[0-9a-f]{64}"


def write_training_images(folder: Path, metadata: pd.DataFrame, image_ids: pd.Series) -> None:
    """Writes ids, lesions and content hashes of the images `image_ids` into a model's folder.

    Args:
        metadata: the data set's table, with COLUMNS, and perhaps `data`: the name of each image's data set; for a
            cross-validation's networks also OF_FOLDS as `training_images` gives them.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    columns = [*COLUMNS, *metadata.columns.intersection(_MORE, sort=False)]
    chosen = metadata.loc[metadata["image_id"].isin(image_ids), columns].sort_values("image_id", ignore_index=True)
    path = folder / FILE
    with disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        chosen.to_parquet(path, index=False, compression="zstd", use_dictionary=["lesion_id"])


def _schema(info: ModelInfo) -> dict[str, Column]:
    schema = {**dict.fromkeys(COLUMNS, TEXT), "data": Column(optional=True)}
    if info.folds:
        schema |= {"fold": Column("number", 0, len(info.folds) - 1, gaps=True), "perceptual_hash": TEXT}
    return schema


def training_images(info: ModelInfo) -> pd.DataFrame:
    """The images that the model was trained on, whatever set they came from.

    Returns:
        A row an image, by image_id: image_id, lesion_id, and sha256 (of the image file's bytes, 64 hexadecimal digits);
        of a model with extra images also data, the name of each image's data set. Of a cross-validation's networks also
        fold, the one that was trained without the image's lesion (0 to 4; NaN: none was), and perceptual_hash of the
        image as the networks see it (`recognition.image_hash`, 64 hexadecimal digits).

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
        table = read_table(path, _schema(info), "Train it again.", unique="image_id")
    except WorkspaceError as error:
        raise ModelError(f"The list of training images of the model {info.name} is damaged: {error.problem}",
                         "Train it again.") from error
    if len(table) != info.training_images:
        raise ModelError(
            f"The model {info.name} was trained on {info.training_images:,} images, but its list of training images "
            f"has {len(table):,}.",
            "Train it again.",
        )
    if info.folds and not (_are_whole(table["fold"]) and table["perceptual_hash"].str.fullmatch(_HASH).all()):
        raise ModelError(f"The list of training images of the model {info.name} does not say which network left each "
                         "image out, or what it looks like.", "Import its bundle again.")
    return table


def _are_whole(folds: pd.Series) -> bool:
    return bool((folds.dropna() % 1 == 0).all())
