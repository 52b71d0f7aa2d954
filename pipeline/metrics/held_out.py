"""Figures of one part of a run's predictions; what is undefined is NaN, never 0 or 1.

Sensitivity, specificity and AUC are those of each diagnosis against all others, with the diagnosis of the highest
probability as the model's answer (no threshold). Computed by scikit-learn.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import DataError

_PROBABILITY = "p_"
_NEEDED = ("image_id", "lesion_id", "truth", "predicted")


def classes_of(predictions: pd.DataFrame) -> list[str]:
    """The codes that have a `p_<code>` column, in alphabetical order.

    Raises:
        DataError: the table has no such column, or lacks another that the figures need.
    """
    missing = [column for column in _NEEDED if column not in predictions.columns]
    if missing:
        raise DataError(f"The predictions lack the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")
    codes = sorted(c.removeprefix(_PROBABILITY) for c in predictions.columns if c.startswith(_PROBABILITY))
    if not codes:
        raise DataError("The predictions have no column p_<diagnosis> with probabilities.")
    return codes


def probabilities_of(predictions: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """(images, classes) float64 probabilities in the order of `classes`."""
    return predictions[[_PROBABILITY + code for code in classes]].to_numpy(dtype=np.float64)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan


def _mean(values: list[float]) -> float:
    """Mean of the defined values; NaN where none is."""
    defined = [value for value in values if not math.isnan(value)]
    return float(np.mean(defined)) if defined else math.nan


def area_under_roc(positive: np.ndarray, probability: np.ndarray) -> float:
    """AUC of `probability` for the images that are `positive` against the others; NaN where one kind is absent."""
    from sklearn.metrics import roc_auc_score  # a second to import, and pages read stored figures

    if not positive.any() or positive.all():
        return math.nan
    return float(roc_auc_score(positive, probability))


def _per_diagnosis(predictions: pd.DataFrame, classes: list[str]) -> dict[str, dict[str, Any]]:
    from sklearn.metrics import multilabel_confusion_matrix

    truth = predictions["truth"].to_numpy(dtype=object)
    if not len(truth):
        nothing = {"images": 0, "lesions": 0, "sensitivity": math.nan, "specificity": math.nan, "auc": math.nan}
        return {code: dict(nothing) for code in classes}
    tables = multilabel_confusion_matrix(truth, predictions["predicted"].to_numpy(dtype=object), labels=classes)
    probabilities = probabilities_of(predictions, classes)
    figures = {}
    for i, code in enumerate(classes):
        (true_negative, false_positive), (false_negative, true_positive) = tables[i]
        positive = truth == code
        figures[code] = {
            "images": int(positive.sum()),
            "lesions": int(predictions.loc[positive, "lesion_id"].nunique()),
            "sensitivity": _share(true_positive, true_positive + false_negative),
            "specificity": _share(true_negative, true_negative + false_positive),
            "auc": area_under_roc(positive, probabilities[:, i]),
        }
    return figures


def summarise(predictions: pd.DataFrame, majority_class: str) -> dict[str, Any]:
    """The figures of one part (validation or test).

    Args:
        predictions: one row an image, with truth, predicted, lesion_id and p_<code> for each diagnosis.
        majority_class: the most frequent diagnosis of the *training* part.

    Returns:
        images, lesions: counts.
        accuracy: share of images whose diagnosis is right, 0..1.
        balanced_accuracy: mean sensitivity over the diagnoses that the part has.
        macro_auc: mean one-against-the-rest area under the ROC curve over the diagnoses where it is defined.
        majority_accuracy: share of images that always answering `majority_class` gets right.
        per_diagnosis: for each code images, lesions, sensitivity, specificity, auc.

    Raises:
        DataError: columns are missing, or a truth has no probability column.
    """
    classes = classes_of(predictions)
    truth, predicted = predictions["truth"], predictions["predicted"]
    unknown = sorted({*truth, *predicted} - set(classes))
    if unknown:
        raise DataError(f"The predictions name {', '.join(unknown)} but have no probability for it.")
    per_diagnosis = _per_diagnosis(predictions, classes)
    return {
        "images": len(predictions),
        "lesions": int(predictions["lesion_id"].nunique()),
        "accuracy": _share((truth == predicted).sum(), len(predictions)),
        "balanced_accuracy": _mean([figures["sensitivity"] for figures in per_diagnosis.values()]),
        "macro_auc": _mean([figures["auc"] for figures in per_diagnosis.values()]),
        "majority_accuracy": _share((truth == majority_class).sum(), len(predictions)),
        "per_diagnosis": per_diagnosis,
    }
