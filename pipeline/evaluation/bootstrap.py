"""How far a part's figures might be elsewhere: percentile intervals of a bootstrap that draws whole lesions.

Images of one lesion are not independent, lesions are; so a resample draws as many lesions as the part has, with
replacement, and takes every image of each. The 2.5th and 97.5th percentiles of a figure over the resamples bound its
95 % interval (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13; the lesion as resampled unit:
the cluster bootstrap, Field & Welsh 2007, J. R. Stat. Soc. B 69:369). It says what other lesions of the same
collection would do, nothing of other clinics, cameras or trainings.
"""

import math

import numpy as np
import pandas as pd

from pipeline.evaluation.metrics import classes_of, probabilities_of

FIGURES = ("accuracy", "balanced_accuracy", "macro_auc")
_AT_ONCE = 100  # resamples whose image weights are in memory together


def lesion_bootstrap(
    predictions: pd.DataFrame, resamples: int = 1000, seed: int = 0, confidence: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Intervals of accuracy, balanced accuracy and macro AUC of one part.

    A resample may lack a rare diagnosis: its balanced accuracy is then the mean over the diagnoses that it has, and
    its macro AUC the mean over those whose AUC is defined in it.

    Args:
        predictions: one row an image, with image_id, lesion_id, truth, predicted and p_<code> for each diagnosis.
        resamples: how many times lesions are drawn.
        seed: of the draws; equal seeds give equal intervals.
        confidence: share of the resamples between the bounds, 0..1.

    Returns:
        For each of FIGURES its low and high bound, 0..1; (NaN, NaN) with fewer than two lesions, or where the figure is
        defined in no resample.

    Raises:
        DataError: columns are missing.
    """
    classes = classes_of(predictions)
    lesion, lesions = pd.factorize(predictions["lesion_id"])
    if len(lesions) < 2:
        return dict.fromkeys(FIGURES, (math.nan, math.nan))
    truth = predictions["truth"].to_numpy(dtype=object)
    positive = truth[:, None] == np.array(classes, dtype=object)
    right = truth == predictions["predicted"].to_numpy(dtype=object)
    draws = _draws(resamples, len(lesions), seed)
    images = draws @ _by_lesion(lesion, len(lesions), positive)
    hits = draws @ _by_lesion(lesion, len(lesions), positive & right[:, None])
    with np.errstate(invalid="ignore"):
        figures = {
            "accuracy": hits.sum(axis=1) / images.sum(axis=1),
            "balanced_accuracy": _mean_of_defined(hits / images),
            "macro_auc": _macro_auc(draws, lesion, positive, probabilities_of(predictions, classes)),
        }
    return {name: _bounds(figures[name], confidence) for name in FIGURES}


def _draws(resamples: int, lesions: int, seed: int) -> np.ndarray:
    """(resamples, lesions) float64: how often each lesion was drawn; every row sums to `lesions`."""
    drawn = np.random.default_rng(seed).integers(0, lesions, (resamples, lesions))
    places = drawn + np.arange(resamples)[:, None] * lesions
    counts = np.bincount(places.ravel(), minlength=resamples * lesions)
    return counts.reshape(resamples, lesions).astype(np.float64)  # float: numpy multiplies integers without BLAS


def _by_lesion(lesion: np.ndarray, lesions: int, flags: np.ndarray) -> np.ndarray:
    """(lesions, classes) counts of the images of each lesion whose flag (images, classes) is set."""
    return np.stack([np.bincount(lesion, weights=column, minlength=lesions) for column in flags.T], axis=1)


def _macro_auc(draws: np.ndarray, lesion: np.ndarray, positive: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(resamples,) mean AUC over the diagnoses, each against the rest."""
    areas = [
        np.column_stack([_auc(weights, positive[:, i], probabilities[:, i]) for i in range(positive.shape[1])])
        for start in range(0, len(draws), _AT_ONCE)
        for weights in (draws[start : start + _AT_ONCE, lesion],)
    ]
    return _mean_of_defined(np.concatenate(areas))


def _auc(weights: np.ndarray, positive: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(resamples,) Mann-Whitney estimate of the AUC with `weights` (resamples, images); ties count half."""
    order = np.argsort(probability, kind="stable")
    first_of_ties = np.flatnonzero(np.diff(probability[order], prepend=-1.0))
    weights, positive = weights[:, order], positive[order]
    above = np.add.reduceat(weights * positive, first_of_ties, axis=1)
    tied = np.add.reduceat(weights * ~positive, first_of_ties, axis=1)
    below = np.cumsum(tied, axis=1) - tied
    return ((below + tied / 2) * above).sum(axis=1) / (above.sum(axis=1) * tied.sum(axis=1))


def _mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Mean of each row of (resamples, classes) over its defined values; NaN where none is."""
    defined = ~np.isnan(values)
    return np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1)


def _bounds(values: np.ndarray, confidence: float) -> tuple[float, float]:
    defined = values[~np.isnan(values)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
