"""How far probabilities can be taken at their word, and the one number that corrects them.

A model is calibrated if of all images that it answers with probability p the share p is right. Reliability tables, with
bins of equal width, and the temperature: Guo et al. 2017, On Calibration of Modern Neural Networks (arXiv:1706.04599).
"""

import math

import numpy as np
import pandas as pd

from pipeline.errors import DataError
from pipeline.metrics.metric_functions import BINS, bin_of
from pipeline.metrics.predictions_table import (
    class_indices,
    classes_of,
    confidence_and_right,
    probabilities_of,
    probability_column,
    with_probabilities,
)

_LOWEST, _HIGHEST = 0.05, 20.0  # temperatures


def reliability_table(predictions: pd.DataFrame, bins: int = BINS, code: str | None = None) -> pd.DataFrame:
    """What a reliability diagram shows.

    Args:
        code: the probability of this diagnosis against the images that have it; None: the probability of the answer
            against the answers that are right.

    Returns:
        A row a bin: low, high (bounds), images, confidence (mean probability, 0..1) and share (of the images that are
        right, or have the diagnosis, 0..1); both NaN in an empty bin.

    Raises:
        DataError: columns are missing, a truth has no probability, or `code` has none.
    """
    if code is None:
        confidence, right = confidence_and_right(predictions)
    elif code in classes_of(predictions, ("truth",)):
        confidence = predictions[probability_column(code)].to_numpy(dtype=np.float64)
        right = (predictions["truth"] == code).to_numpy()
    else:
        raise DataError(f"The predictions have no probability for {code}.")
    place = bin_of(confidence, bins)
    images = np.bincount(place, minlength=bins)
    edges = np.arange(bins + 1) / bins
    with np.errstate(invalid="ignore"):
        return pd.DataFrame({
            "low": edges[:-1], "high": edges[1:], "images": images,
            "confidence": np.bincount(place, weights=confidence, minlength=bins) / images,
            "share": np.bincount(place, weights=right, minlength=bins) / images,
        })


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(log p / temperature): above 1 the probabilities come closer together, below 1 they part.

    The order of the diagnoses, and so the answer, stays.

    Args:
        probabilities: (images, diagnoses), each row summing to 1.
        temperature: above 0.

    Returns:
        (images, diagnoses) float64, each row summing to 1.
    """
    return np.exp(_tempered(_logarithm(probabilities), temperature))


def fit_temperature(probabilities: np.ndarray, truths: np.ndarray) -> float:
    """The temperature, 0.05 to 20, under which the truths are most likely.

    Args:
        probabilities: (images, diagnoses), each row summing to 1; those of images that the network was not trained on.
        truths: (images,) index of the true diagnosis.

    Returns:
        NaN without images. A bound of the range where the likelihood has no maximum within, as when every answer is
        right.
    """
    from scipy.optimize import minimize_scalar  # a third of a second to import, and pages only read fitted ones

    if not len(truths):
        return math.nan
    logarithm, rows = _logarithm(probabilities), np.arange(len(truths))

    def negative_log_likelihood(log_temperature: float) -> float:
        return -float(_tempered(logarithm, math.exp(log_temperature))[rows, truths].mean())

    bounds = (math.log(_LOWEST), math.log(_HIGHEST))
    found = minimize_scalar(negative_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return math.exp(found.x)


def fit_table_temperature(predictions: pd.DataFrame) -> float:
    """`fit_temperature` of a table of predictions.

    Raises:
        DataError: columns are missing, or a truth has no probability.
    """
    classes = classes_of(predictions, ("truth",))
    return fit_temperature(probabilities_of(predictions, classes), class_indices(predictions["truth"], classes))


def calibrated(predictions: pd.DataFrame, temperature: float) -> pd.DataFrame:
    """The table with its probabilities, and what follows from them, at a temperature.

    Raises:
        DataError: columns are missing, or a truth has no probability.
    """
    classes = classes_of(predictions, ("truth",))
    tempered = apply_temperature(probabilities_of(predictions, classes), temperature)
    return with_probabilities(predictions, classes, tempered)


def _logarithm(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), np.finfo(np.float32).tiny))


def _tempered(logarithm: np.ndarray, temperature: float) -> np.ndarray:
    """log-softmax of `logarithm` / temperature, row by row."""
    scaled = logarithm / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
