"""How often a prediction flips when the picture is changed: by lesion, with Wilson's interval."""

from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Interval
from typing_extensions import TypedDict

from pipeline.bounds import Count, Share, Word
from pipeline.metrics.wilson import wilson_interval


class FlipShare(TypedDict):
    """`flipped` (lesion ids) of `lesions` whose prediction is another; `low` and `high` bound the share (95 %, 0..1).

    `lost` of the flipped were right before, `won` are right now.
    """

    lesions: Annotated[int, Interval(ge=1, le=10**9)]
    flipped: list[Word]
    low: Share
    high: Share
    lost: Count
    won: Count


def lesion_answers(probabilities: np.ndarray, lesion_ids: pd.Series) -> pd.Series:
    """The class index of the highest mean probability over each lesion's images, by lesion_id."""
    means = pd.DataFrame(probabilities).groupby(lesion_ids.to_numpy()).mean()
    return pd.Series(means.to_numpy().argmax(axis=1), index=means.index)


def flip_share(
    before: np.ndarray, after: np.ndarray, lesion_ids: pd.Series, truths: np.ndarray
) -> FlipShare:
    """Compares the outputs for the same images before and after a change.

    Args:
        before, after: (N, C) probabilities.
        lesion_ids: (N,) whose images they are.
        truths: (N,) class indexes.
    """
    old, new = lesion_answers(before, lesion_ids), lesion_answers(after, lesion_ids)
    truth = pd.Series(truths, index=lesion_ids.to_numpy()).groupby(level=0).first()
    flipped = old != new
    low, high = wilson_interval(int(flipped.sum()), len(old))
    return FlipShare(
        lesions=len(old), flipped=[str(lesion) for lesion in old.index[flipped]], low=low, high=high,
        lost=int((flipped & (old == truth)).sum()), won=int((flipped & (new == truth)).sum()),
    )
