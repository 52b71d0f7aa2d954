"""Which images train and which are held out: by lesion, or by image as the article did."""

import warnings

import numpy as np
import pandas as pd

from pipeline.errors import DataError
from pipeline.vocabulary import Split, SplitKind

SPLIT_SENTENCES = {
    "lesion": "80 % of the lesions train, 20 % validate; all images of a lesion are on the same side.",
    "lesion-test": "70 % of the lesions train, 15 % validate, and 15 % are a test part that nothing is chosen on; all "
    "images of a lesion are in the same part.",
    "random": "The article's split: 80 % of the images train, 20 % validate, drawn image by image. Images of one "
    "lesion land on both sides, so the validation figures flatter the network.",
    "all": "All images train; none is held out, so the network has no figures of its own.",
}
EXTERNAL = "external"  # no split: a whole data set judges a model that was trained on other images
_EXTERNAL_SENTENCE = "An evaluation on a data set: what the model is known to have been trained on is left out."
_HELD_OUT = {"lesion": {"validation": 0.2}, "lesion-test": {"validation": 0.15, "test": 0.15}, "all": {}}
_FOLDS = {"lesion": 5, "lesion-test": 20}
_WITH_FOLDS = ("lesion", "random")


def split_sentence(kind: Split) -> str:
    """What a run's split means for its figures."""
    return _EXTERNAL_SENTENCE if kind == EXTERNAL else SPLIT_SENTENCES[kind]


def _by_lesion(metadata: pd.DataFrame, group: pd.Series, folds: int, seed: int) -> np.ndarray:
    """The fold of each image, 0..folds-1: stratified by diagnosis, grouped by lesion, or by `group` where pairs are
    confirmed."""
    from sklearn.model_selection import StratifiedGroupKFold  # a second to import, and pages only read the sentences

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    fold = np.zeros(len(metadata), dtype=int)
    with warnings.catch_warnings():
        # a small set may have diagnoses with fewer images than folds; the folds are only building blocks here
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for number, (_, held_out) in enumerate(splitter.split(metadata, metadata["dx"], group)):
            fold[held_out] = number
    return fold


def _fill_gaps(part: np.ndarray, dx: pd.Series, unit: pd.Series, parts: list[str], seed: int) -> None:
    """Sees to it that each part has each diagnosis: moves single units (lesions or images) from where most are."""
    rng = np.random.default_rng(seed)
    for code in sorted(dx.unique()):
        units = pd.Series(part, index=unit)[(dx == code).to_numpy()]
        units = units[~units.index.duplicated()].sort_index()
        for lacking in parts:
            if (units == lacking).any():
                continue
            donor = units.value_counts().sort_index().idxmax()
            moved = rng.choice(units.index[units == donor])
            units[moved] = lacking
            part[(unit == moved).to_numpy()] = lacking


def _check(split: pd.DataFrame, group: pd.Series, parts: int) -> None:
    lesions = group.groupby(split["dx"]).nunique()
    if len(lesions) < 2:
        raise DataError(
            f"There is one diagnosis only, {', '.join(lesions.index)}: nothing to tell apart.",
            "Use a data set with two or more.",
        )
    if len(split) < 10 or (lesions < parts).any():
        few = ", ".join(f"{code} ({n})" for code, n in lesions[lesions < parts].items()) or "all diagnoses"
        raise DataError(
            f"Too few lesions to split: {few}; each diagnosis needs at least {parts}, and the set 10 images.",
            "Use a larger data set or a higher limit.",
        )


def make_split(metadata: pd.DataFrame, kind: SplitKind, seed: int, held_out_fold: int = 0) -> pd.DataFrame:
    """The part of each image; every part has every diagnosis. With "all" there is only "train".

    Args:
        metadata: with image_id, lesion_id, dx; with `group_id` too (`reserved.metadata_to_split`), whole groups stay
            on one side instead of lesions, but for "random".
        kind: a key of SPLIT_SENTENCES.
        seed: the same seed gives the same split.
        held_out_fold: for "lesion" and "random", which of the five folds (0..4) validates; each lesion, or each image,
            validates in one of them.

    Returns:
        image_id, lesion_id, dx, part ("train", "validation" or "test"), in the order of `metadata`.

    Raises:
        DataError: a diagnosis has too few lesions to train on some and hold some out, there is one diagnosis only, or
            no such fold.
    """
    split = metadata[["image_id", "lesion_id", "dx"]].reset_index(drop=True)
    group = metadata["group_id" if "group_id" in metadata else "lesion_id"].reset_index(drop=True)
    parts = ["train", *_HELD_OUT.get(kind, {"validation": 0.2})]
    _check(split, group, len(parts))
    part = np.full(len(split), "train", dtype=object)
    if held_out_fold and kind not in _WITH_FOLDS:
        raise DataError(f"There is no fold {held_out_fold} in the split {kind}.", "Set fold=0, or split=lesion.")
    if kind == "all":
        return split.assign(part=part)
    if kind == "random":
        order = np.random.default_rng(seed).permutation(len(split))
        first, end = (round(0.2 * place * len(split)) for place in (held_out_fold, held_out_fold + 1))
        part[order[first:end]] = "validation"
        _fill_gaps(part, split["dx"], split["image_id"], parts, seed)
        return split.assign(part=part)
    # no more folds than there are lesions, or images of the largest diagnosis
    folds = min(_FOLDS[kind], group.nunique(), int(split["dx"].value_counts().max()))
    if held_out_fold >= folds:
        raise DataError(f"There is no fold {held_out_fold}: so few images make {folds} folds.", "Set fold=0.")
    fold, first = (_by_lesion(split, group, folds, seed) - held_out_fold) % folds, 0
    for name, share in _HELD_OUT[kind].items():
        end = first + max(1, round(share * folds))
        part[(fold >= first) & (fold < end)] = name
        first = end
    _fill_gaps(part, split["dx"], group, parts, seed)
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
