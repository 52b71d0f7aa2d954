"""A threshold on one target's score: whom it flags, what that means for 1,000 lesions, and the curves it lies on.

Each lesion counts once, with the mean of its images' probabilities, and is flagged where the sum over the target's
codes is at or above the threshold. Intervals are Wilson's, for lesions; that of the number needed combines those of
sensitivity and of 1 - specificity (see `wilson.ratio_interval`). The prevalence is taken as given.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.metrics.lesion_answers import lesion_means
from pipeline.metrics.predictions_table import probability_columns
from pipeline.metrics.wilson import ratio_interval, wilson_interval

ISIC_2020_MELANOMA = 584 / 33_126  # images of the training set of 2020 (Rotemberg et al. 2021, Sci Data 8:34)

Bounded = tuple[float, float, float]  # a figure with the low and the high end of its 95 % interval


class OperatingPoint(NamedTuple):
    """What a threshold does.

    Attributes:
        threshold: of the score, 0..1.
        positives, others: lesions with the target, and without it.
        flagged_positives, flagged_others: how many of each are flagged.
        sensitivity, specificity: shares of those lesions.
        prevalence: share of the target, 0..1, that the figures below hold for.
        positives_flagged, positives_not_flagged, others_flagged: of 1,000 lesions.
        needed: flagged lesions for each flagged one that has the target, 1 or more; NaN where none is flagged.
    """

    threshold: float
    positives: int
    others: int
    flagged_positives: int
    flagged_others: int
    sensitivity: Bounded
    specificity: Bounded
    prevalence: float
    positives_flagged: Bounded
    positives_not_flagged: Bounded
    others_flagged: Bounded
    needed: Bounded


def lesion_scores(predictions: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    """A row a lesion: lesion_id, truth, score (sum of the probabilities of `codes`, 0..1), positive (bool).

    Raises:
        DataError: columns are missing.
    """
    means = lesion_means(predictions)
    return means[["lesion_id", "truth"]].assign(
        score=means[probability_columns(codes)].sum(axis=1).clip(upper=1.0), positive=means["truth"].isin(codes)
    )


def operating_point(scores: pd.DataFrame, threshold: float, prevalence: float) -> OperatingPoint:
    """What `threshold` does to the lesions of `lesion_scores`, at a prevalence of 0..1."""
    flagged, positive = scores["score"] >= threshold, scores["positive"]
    positives, hits = int(positive.sum()), int((positive & flagged).sum())
    others, alarms = int((~positive).sum()), int((~positive & flagged).sum())
    hit, alarm = _share(hits, positives), _share(alarms, others)
    return OperatingPoint(
        threshold=threshold, positives=positives, others=others, flagged_positives=hits, flagged_others=alarms,
        sensitivity=hit, specificity=_rest(alarm), prevalence=prevalence,
        positives_flagged=_scaled(hit, 1000 * prevalence),
        positives_not_flagged=_scaled(_rest(hit), 1000 * prevalence),
        others_flagged=_scaled(alarm, 1000 * (1 - prevalence)), needed=_needed(hit, alarm, prevalence),
    )


def curve(scores: pd.DataFrame, prevalence: float) -> pd.DataFrame:
    """Both curves: a row for each score that occurs, as a threshold, the highest first.

    Returns:
        threshold, sensitivity, false_positive_rate (1 - specificity) and precision (PPV at `prevalence`; NaN where
        nothing would be flagged), 0..1; before them a row that flags nothing, with the threshold infinity. NaN where
        the lesions are of one kind only.
    """
    counts = scores.groupby("score")["positive"].agg(["sum", "size"]).sort_index(ascending=False)
    hits = np.r_[0, counts["sum"].cumsum()]
    flagged = np.r_[0, counts["size"].cumsum()]
    positives, others = hits[-1], flagged[-1] - hits[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        sensitivity, alarms = hits / positives, (flagged - hits) / others
        caught = prevalence * sensitivity
        precision = caught / (caught + (1 - prevalence) * alarms)
    return pd.DataFrame({
        "threshold": np.r_[math.inf, counts.index.to_numpy(dtype=float)], "sensitivity": sensitivity,
        "false_positive_rate": alarms, "precision": precision,
    })


def threshold_for(scores: pd.DataFrame, sensitivity: float) -> float:
    """The highest threshold that flags at least that share (0..1] of the positive lesions; NaN without any."""
    positives = np.sort(scores.loc[scores["positive"], "score"].to_numpy())[::-1]
    if not len(positives):
        return math.nan
    return float(positives[math.ceil(sensitivity * len(positives) - 1e-9) - 1])


def _share(count: int, n: int) -> Bounded:
    return (count / n if n else math.nan), *wilson_interval(count, n)


def _rest(share: Bounded) -> Bounded:
    value, low, high = share
    return 1 - value, 1 - high, 1 - low


def _scaled(share: Bounded, by: float) -> Bounded:
    value, low, high = share
    return by * value, by * low, by * high


def _needed(hit: Bounded, alarm: Bounded, prevalence: float) -> Bounded:
    if not (hit[0] > 0 and prevalence > 0) or math.isnan(alarm[0]):
        return math.nan, math.nan, math.nan
    odds = (1 - prevalence) / prevalence
    low, high = ratio_interval(alarm[0], alarm[1:], hit[0], hit[1:])
    return 1 + odds * alarm[0] / hit[0], 1 + odds * low, 1 + odds * high
