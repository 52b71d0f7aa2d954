"""One network's figures on given images, for standing beside another's; what is undefined is NaN.

The images may show a diagnosis that the network has no output for: whatever it says of such an image is wrong.
"""

import math

import numpy as np
import pandas as pd

from pipeline.metrics.held_out import area_under_roc, classes_of, probabilities_of
from pipeline.metrics.melanoma import MELANOMA, melanoma_lesions_called_else
from pipeline.metrics.wilson import wilson_interval

FIGURES = (
    "accuracy", "top2_accuracy", "balanced_accuracy", "lesion_accuracy", "low", "high", "melanoma_sensitivity",
    "melanoma_low", "melanoma_high", "melanoma_auc", "macro_auc",
)


def network_figures(table: pd.DataFrame) -> dict[str, float]:
    """The figures FIGURES of a table of predictions.

    Returns:
        accuracy: share of images that it got right.
        top2_accuracy: share of images whose truth is among the two highest probabilities.
        balanced_accuracy: mean sensitivity over the diagnoses among the images.
        lesion_accuracy: share of lesions right, each by the mean of its images' probabilities; low and high bound it
            by the 95 % Wilson interval.
        melanoma_sensitivity: share of the melanoma lesions that it called melanoma, by that mean too, with
            melanoma_low and melanoma_high.
        melanoma_auc: melanoma against the rest, by image.
        macro_auc: mean one-against-the-rest AUC over the diagnoses that occur and that it has an output for.

    Raises:
        DataError: the table lacks columns.
    """
    figures = dict.fromkeys(FIGURES, math.nan)
    areas = _areas(table)
    if table.empty:
        return figures
    right = table["truth"] == table["predicted"]
    by_lesion = lesions_right(table)
    low, high = wilson_interval(int(by_lesion.sum()), len(by_lesion))
    defined = [area for area in areas.values() if not math.isnan(area)]
    return figures | {
        "accuracy": float(right.mean()),
        "top2_accuracy": top_accuracy(table, 2),
        "balanced_accuracy": float(right.groupby(table["truth"]).mean().mean()),
        "lesion_accuracy": float(by_lesion.mean()), "low": low, "high": high,
        **_melanoma(table),
        "melanoma_auc": areas.get(MELANOMA, math.nan),
        "macro_auc": float(np.mean(defined)) if defined else math.nan,
    }


def top_accuracy(table: pd.DataFrame, k: int) -> float:
    """Share of images whose truth is among the `k` diagnoses of highest probability; NaN without images."""
    if table.empty:
        return math.nan
    classes = classes_of(table)
    highest = np.argsort(-probabilities_of(table, classes), axis=1, kind="stable")[:, :k]
    return float((np.array(classes)[highest] == table["truth"].to_numpy(dtype=object)[:, None]).any(axis=1).mean())


def lesions_right(table: pd.DataFrame) -> pd.Series:
    """For each lesion, whether the mean of its images' probabilities is highest for its truth."""
    classes = classes_of(table)
    probabilities = pd.DataFrame(probabilities_of(table, classes), columns=classes)
    lesions = table["lesion_id"].to_numpy()
    answers = probabilities.groupby(lesions).mean().idxmax(axis=1)
    return answers == table["truth"].groupby(lesions).first()


def _areas(table: pd.DataFrame) -> dict[str, float]:
    classes = classes_of(table)
    probabilities, truth = probabilities_of(table, classes), table["truth"].to_numpy(dtype=object)
    return {code: area_under_roc(truth == code, probabilities[:, i]) for i, code in enumerate(classes)}


def _melanoma(table: pd.DataFrame) -> dict[str, float]:
    found = melanoma_lesions_called_else(table)
    if found is None:
        return {}
    return {
        "melanoma_sensitivity": 1 - found["called_else"] / found["lesions"],
        "melanoma_low": 1 - found["high"], "melanoma_high": 1 - found["low"],
    }
