"""A classification's scores by the definitions of the ISIC Challenge's own scorer (isic-challenge-scoring 5.6.0).

They are not the definitions of our other figures: each diagnosis is thresholded by itself, above 0.5, so an image may
be called several things or nothing; a sensitivity, specificity, PPV, NPV or Dice coefficient of nothing counts as 1.0;
the accuracy is that of each diagnosis against the rest, so its many true negatives make it high.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.metrics.predictions_table import classes_of, probabilities_of
from pipeline.metrics.samples import area_under_roc

CATEGORY_SCORES = ("accuracy", "sensitivity", "specificity", "dice", "ppv", "npv", "auc", "auc_sens_80", "ap")
_THRESHOLD, _SENSITIVITY = 0.5, 0.8


class IsicScores(NamedTuple):
    """What the scorer reports.

    Attributes:
        per_category: a row a diagnosis, a column each of CATEGORY_SCORES, 0..1. The areas are NaN where the images
            have none of it, or nothing else.
        macro_average: the mean of each column over its defined values.
        balanced_accuracy: mean sensitivity of the highest probability over the diagnoses that occur; where two are
            level the answer counts as wrong.
    """

    per_category: pd.DataFrame
    macro_average: pd.Series
    balanced_accuracy: float


def isic_scores(predictions: pd.DataFrame) -> IsicScores:
    """The scores of a table of predictions with at least one image.

    Raises:
        DataError: columns are missing.
    """
    classes = classes_of(predictions)
    probabilities, truth = probabilities_of(predictions, classes), predictions["truth"].to_numpy(dtype=object)
    per_category = pd.DataFrame(
        [_category(truth == code, probabilities[:, i]) for i, code in enumerate(classes)],
        index=classes, columns=list(CATEGORY_SCORES),
    )
    return IsicScores(per_category, per_category.mean(), _balanced_accuracy(truth, probabilities, classes))


def _category(positive: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    from sklearn.metrics import average_precision_score  # a second to import, and pages read stored figures

    called = probability > _THRESHOLD
    tp, fp = int((positive & called).sum()), int((~positive & called).sum())
    fn, tn = int((positive & ~called).sum()), int((~positive & ~called).sum())
    both_kinds = positive.any() and not positive.all()
    return {
        "accuracy": (tp + tn) / len(positive), "sensitivity": _or_one(tp, tp + fn), "specificity": _or_one(tn, tn + fp),
        "dice": _or_one(2 * tp, 2 * tp + fp + fn), "ppv": _or_one(tp, tp + fp), "npv": _or_one(tn, tn + fn),
        "auc": area_under_roc(positive, probability),
        "auc_sens_80": _area_above_sensitivity(positive, probability) if both_kinds else math.nan,
        "ap": float(average_precision_score(positive, probability)) if positive.any() else math.nan,
    }


def _or_one(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _area_above_sensitivity(positive: np.ndarray, probability: np.ndarray) -> float:
    """The area under that part of the ROC curve whose sensitivity is 0.8 or more, down to the axis."""
    from sklearn.metrics import roc_curve

    others, sensitivity, _ = roc_curve(positive, probability, drop_intermediate=False)
    at = int(np.searchsorted(sensitivity, _SENSITIVITY, "left"))
    way = (_SENSITIVITY - sensitivity[at - 1]) / (sensitivity[at] - sensitivity[at - 1])
    start = others[at - 1] + way * (others[at] - others[at - 1])
    return float(np.trapezoid([_SENSITIVITY, *sensitivity[at:]], [start, *others[at:]]))


def _balanced_accuracy(truth: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> float:
    decided = (probabilities == probabilities.max(axis=1, keepdims=True)).sum(axis=1) == 1
    right = decided & (np.array(classes, dtype=object)[probabilities.argmax(axis=1)] == truth)
    shares = [right[truth == code].mean() for code in classes if (truth == code).any()]
    return float(np.mean(shares)) if shares else math.nan
