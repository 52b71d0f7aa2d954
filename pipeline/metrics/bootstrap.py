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

from pipeline.metrics.held_out import classes_of, probabilities_of
from pipeline.metrics.lesion_draws import LesionDraws, bounds, mean_of_defined

FIGURES = ("accuracy", "balanced_accuracy", "macro_auc")


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
    draws = LesionDraws(predictions["lesion_id"], resamples, seed)
    if draws.lesions < 2:
        return dict.fromkeys(FIGURES, (math.nan, math.nan))
    truth = predictions["truth"].to_numpy(dtype=object)
    positive = truth[:, None] == np.array(classes, dtype=object)
    right = truth == predictions["predicted"].to_numpy(dtype=object)
    images = draws.sums(positive)
    hits = draws.sums(positive & right[:, None])
    with np.errstate(invalid="ignore"):
        figures = {
            "accuracy": hits.sum(axis=1) / images.sum(axis=1),
            "balanced_accuracy": mean_of_defined(hits / images),
            "macro_auc": mean_of_defined(draws.areas(positive, probabilities_of(predictions, classes))),
        }
    return {name: bounds(figures[name], confidence) for name in FIGURES}
