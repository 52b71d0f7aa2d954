"""How many held-out images show a lesion that training saw too."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.split import make_split

MELANOMA = "mel"
SEEDS = 20  # of the article's split, for a mean


def seen_in_training(split: pd.DataFrame) -> pd.Series:
    """For each row of a split, whether a training image shows the same lesion; always so in the part "train"."""
    return split["lesion_id"].isin(split.loc[split["part"] == "train", "lesion_id"])


def seen_counts(split: pd.DataFrame) -> dict[str, Any]:
    """Of the validation images of a split, how many there are and how many show a lesion that training saw.

    Returns:
        images, seen, share (0..1), and melanomas, melanomas_seen, melanomas_share: the same for melanomas; a share of
        nothing is NaN.
    """
    validation = (split["part"] == "validation").to_numpy()
    seen = seen_in_training(split).to_numpy() & validation
    melanoma = (split["dx"] == MELANOMA).to_numpy() & validation
    images, melanomas = int(validation.sum()), int(melanoma.sum())
    both = int((seen & melanoma).sum())
    return {
        "images": images, "seen": int(seen.sum()), "share": seen.sum() / images if images else np.nan,
        "melanomas": melanomas, "melanomas_seen": both, "melanomas_share": both / melanomas if melanomas else np.nan,
    }


def expected_shares(metadata: pd.DataFrame, held_out: int) -> dict[str, float]:
    """The shares of `seen_counts` over all splits that draw `held_out` images at random, without drawing any.

    A validation image's lesion is not seen where its other images were all drawn, too: one by one, without replacement.

    Returns:
        share and melanomas_share, 0..1; NaN for a set without melanomas.
    """
    others = metadata.groupby("lesion_id")["image_id"].transform("size").to_numpy() - 1
    drawn = np.arange(1, others.max(initial=0) + 1)
    each = np.maximum(held_out - drawn, 0) / np.maximum(len(others) - drawn, 1)
    all_drawn = np.cumprod(np.concatenate([[1.0], each]))
    seen, melanoma = 1 - all_drawn[others], (metadata["dx"] == MELANOMA).to_numpy()
    return {"share": float(seen.mean()), "melanomas_share": float(seen[melanoma].mean()) if melanoma.any() else np.nan}


def seen_shares(metadata: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """`seen_counts` of the split by lesion ("lesion") and of the article's ("random"), both with seed 0; the mean of
    the latter's shares over SEEDS seeds ("random_mean"), and `expected_shares` ("random_expected").

    Raises:
        DataError: the data set is too small to split.
    """
    random = [seen_counts(make_split(metadata, "random", seed)) for seed in range(SEEDS)]
    mean = {key: float(np.mean([counts[key] for counts in random])) for key in ("share", "melanomas_share")}
    return {
        "lesion": seen_counts(make_split(metadata, "lesion", 0)), "random": random[0],
        "random_mean": {"seeds": SEEDS, **mean}, "random_expected": expected_shares(metadata, random[0]["images"]),
    }
