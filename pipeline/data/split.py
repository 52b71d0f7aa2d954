"""Which images train and which are held out: by lesion, or by image as the article did."""

import warnings

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.errors import DataError

SPLIT_SENTENCES = {
    "lesion": "80 % of the lesions train, 20 % validate; all images of a lesion are on the same side.",
    "lesion-test": "70 % of the lesions train, 15 % validate, and 15 % are a test part that nothing is chosen on; all "
    "images of a lesion are in the same part.",
    "random": "The article's split: 80 % of the images train, 20 % validate, drawn image by image. Images of one lesion "
    "land on both sides, so the validation figures flatter the network.",
}


def _by_lesion(metadata: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    """The fold of each image, 0..folds-1: stratified by diagnosis, grouped by lesion."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    fold = np.zeros(len(metadata), dtype=int)
    with warnings.catch_warnings():
        # a small set may have diagnoses with fewer images than folds; the folds are only building blocks here
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for number, (_, held_out) in enumerate(splitter.split(metadata, metadata["dx"], metadata["lesion_id"])):
            fold[held_out] = number
    return fold


def make_split(metadata: pd.DataFrame, kind: str, seed: int) -> pd.DataFrame:
    """The part of each image.

    Args:
        metadata: with image_id, lesion_id, dx.
        kind: a key of SPLIT_SENTENCES.
        seed: the same seed gives the same split.

    Returns:
        image_id, lesion_id, dx, part ("train", "validation" or "test"), in the order of `metadata`.

    Raises:
        DataError: a diagnosis has too few lesions to train on some and hold some out.
    """
    split = metadata[["image_id", "lesion_id", "dx"]].reset_index(drop=True)
    lesions = split.groupby("dx")["lesion_id"].nunique()
    needed = 3 if kind == "lesion-test" else 2
    if len(split) < 10 or (lesions < needed).any():
        few = ", ".join(f"{code} ({n})" for code, n in lesions[lesions < needed].items()) or "all diagnoses"
        raise DataError(
            f"Too few lesions to split: {few}; each diagnosis needs at least {needed}, and the set 10 images.",
            "Use a larger data set or a higher limit.",
        )
    part = np.full(len(split), "train", dtype=object)
    if kind == "random":
        order = np.random.default_rng(seed).permutation(len(split))
        part[order[: round(0.2 * len(split))]] = "validation"
    elif kind == "lesion":
        part[_by_lesion(split, 5, seed) == 0] = "validation"
    else:
        fold = _by_lesion(split, 20, seed)
        part[fold < 3] = "validation"
        part[(fold >= 3) & (fold < 6)] = "test"
    return split.assign(part=part)


def limit_images(metadata: pd.DataFrame, limit: int, seed: int) -> pd.DataFrame:
    """About `limit` images: whole lesions, each diagnosis in its share, but at least five of its lesions."""
    if limit >= len(metadata):
        return metadata
    rng = np.random.default_rng(seed)
    kept: list[str] = []
    for _, rows in metadata.groupby("dx", sort=True):
        sizes = rows.groupby("lesion_id", sort=True).size()
        sizes = sizes.iloc[rng.permutation(len(sizes))]
        target = limit * len(rows) / len(metadata)
        enough = int((sizes.cumsum() < target).sum()) + 1
        kept.extend(sizes.index[: max(enough, min(5, len(sizes)))])
    return metadata[metadata["lesion_id"].isin(kept)]
