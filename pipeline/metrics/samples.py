"""How often each image counts: once, as the part is, or as often as lesions are drawn; and the bounds of the draws.

Images of one lesion are not independent, lesions are; so a resample draws as many lesions as there are, with
replacement, and takes every image of each (the cluster bootstrap, Field & Welsh 2007, J. R. Stat. Soc. B 69:369). The
2.5th and 97.5th percentiles of a figure over the resamples bound its 95 % interval (Efron & Tibshirani 1993, An
Introduction to the Bootstrap, chapter 13). It says what other lesions of the same collection would do, nothing of other
clinics, cameras or trainings.
"""

import copy
import math
from typing import Protocol

import numpy as np
import pandas as pd

from pipeline.metrics.wilson import wilson_interval

_AT_ONCE = 100  # resamples whose image weights are in memory together


class Sample(Protocol):
    """What a metric asks of the images that count: sums, means and areas, for each draw of them."""

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(draws, k) sums over each draw's images of `values` (images, k)."""

    def mean(self, values: np.ndarray) -> np.ndarray:
        """(draws,) means over each draw's images of `values` (images,); NaN of a draw without images."""

    def areas(self, positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(draws, k) areas under the ROC curve of `scores` (images, k) for `positive` (images, k) against the rest;
        ties count half. NaN where a draw has only one kind.
        """


class EachOnce:
    """One draw: the images as they are."""

    def sums(self, values: np.ndarray) -> np.ndarray:
        """See `Sample`."""
        return np.asarray(values, dtype=np.float64).sum(axis=0, keepdims=True)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """See `Sample`."""
        return np.array([np.mean(values) if len(values) else math.nan], dtype=np.float64)

    def areas(self, positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """See `Sample`."""
        return np.array([[area_under_roc(positive[:, i], scores[:, i]) for i in range(scores.shape[1])]])


def area_under_roc(positive: np.ndarray, score: np.ndarray) -> float:
    """AUC of `score` (images,) for the images that are `positive` against the others; NaN where one kind is absent."""
    from sklearn.metrics import roc_auc_score  # a second to import, and pages read stored figures

    if not positive.any() or positive.all():
        return math.nan
    return float(roc_auc_score(positive, score))


class LesionDraws:
    """`resamples` draws of the lesions of some images.

    Attributes:
        lesions: how many there are.
    """

    def __init__(self, lesion_ids: pd.Series, resamples: int = 1000, seed: int = 0) -> None:
        """Draws.

        Args:
            lesion_ids: the lesion of each image.
            resamples: how many times lesions are drawn.
            seed: equal seeds give equal draws.
        """
        self._lesion, names = pd.factorize(lesion_ids)
        self.lesions = len(names)
        drawn = np.random.default_rng(seed).integers(0, max(self.lesions, 1), (resamples, self.lesions))
        places = drawn + np.arange(resamples)[:, None] * self.lesions
        counts = np.bincount(places.ravel(), minlength=resamples * self.lesions)
        # float: numpy multiplies integers without BLAS
        self._times = counts.reshape(resamples, self.lesions).astype(np.float64)

    def within(self, inside: np.ndarray) -> "LesionDraws":
        """The same draws of those images that are `inside` (images,) alone."""
        part = copy.copy(self)
        part._lesion = self._lesion[inside]
        return part

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(resamples, k) sums over each resample's images of `values` (images, k)."""
        columns = [np.bincount(self._lesion, weights=column, minlength=self.lesions) for column in values.T]
        return self._times @ np.stack(columns, axis=1)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """(resamples,) means over each resample's images of `values` (images,)."""
        counted = self.sums(np.column_stack([np.ones(len(values)), values]))
        with np.errstate(invalid="ignore"):
            return counted[:, 1] / counted[:, 0]

    def areas(self, positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(resamples, k) areas under the ROC curve of `scores` (images, k) for `positive` (images, k) against the
        rest; ties count half. NaN where a resample has only one kind.
        """
        orders = [_Order(positive[:, i], scores[:, i]) for i in range(scores.shape[1])]
        parts = [
            np.column_stack([order.area(weights) for order in orders])
            for start in range(0, len(self._times), _AT_ONCE)
            for weights in (self._times[start : start + _AT_ONCE, self._lesion],)
        ]
        return np.concatenate(parts)


class _Order:
    """The images in the order of one score, for the Mann-Whitney estimate under many weights."""

    def __init__(self, positive: np.ndarray, score: np.ndarray) -> None:
        order = np.argsort(score, kind="stable")
        self._positives, self._others = order[positive[order]], order[~positive[order]]
        # how many of the others, in their order, lie below each positive, and below or level with it
        self._below = np.searchsorted(score[self._others], score[self._positives], "left")
        self._level = np.searchsorted(score[self._others], score[self._positives], "right")

    def area(self, weights: np.ndarray) -> np.ndarray:
        """(resamples,) areas with `weights` (resamples, images)."""
        passed = np.zeros((len(weights), len(self._others) + 1))
        np.cumsum(weights[:, self._others], axis=1, out=passed[:, 1:])
        above = weights[:, self._positives]
        twice = (above * (passed[:, self._below] + passed[:, self._level])).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return twice / 2 / (above.sum(axis=1) * passed[:, -1])


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Mean of each row of (resamples, k) over its defined values; NaN where none is."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1)


def bounds(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """The percentiles of `values` (resamples,) that hold `confidence` (0..1) of those that are defined; NaN where none
    is.
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def bounded(value: float, drawn: np.ndarray, lesions: int | None = None) -> tuple[float, float, float]:
    """A figure with the bounds of its resamples.

    Args:
        value: the figure, or NaN.
        drawn: (resamples,) it in each.
        lesions: how many lesions a share is counted on, for Wilson's interval where all resamples are equal; None: it
            is no share, and there its interval is undefined.
    """
    if math.isnan(value) or len(drawn) == 0:
        return value, math.nan, math.nan
    low, high = bounds(drawn)
    if low < high:
        return value, low, high
    if lesions is None or value not in (0, 1):
        return value, math.nan, math.nan
    return value, *wilson_interval(round(value) * lesions, lesions)
