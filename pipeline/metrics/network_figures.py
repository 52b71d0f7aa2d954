"""One network's figures on given images, for standing beside another's; what is undefined is NaN.

The images may show a diagnosis that the network has no output for: whatever it says of such an image is wrong.
"""

import math

import pandas as pd

from pipeline.metrics.lesion_answers import lesion_means, melanoma_lesions_called_else
from pipeline.metrics.metric_registry import metrics_of
from pipeline.metrics.sampled import figure_of
from pipeline.metrics.wilson import wilson_interval

OF_IMAGES = tuple(metric.key for metric in metrics_of("comparison"))
OF_LESIONS = ("lesion_accuracy", "low", "high", "lesion_melanoma_sensitivity", "melanoma_low", "melanoma_high")


def network_figures(table: pd.DataFrame) -> dict[str, float]:
    """The figures OF_IMAGES and OF_LESIONS of a table of predictions.

    Returns:
        each of `metrics_of("comparison")` by its key.
        lesion_accuracy: share of lesions right, each by the mean of its images' probabilities; low and high bound it
            by the 95 % Wilson interval.
        lesion_melanoma_sensitivity: share of the melanoma lesions that it called melanoma, by that mean too, with
            melanoma_low and melanoma_high.

    Raises:
        DataError: the table lacks columns.
    """
    means = lesion_means(table)
    right = means["truth"] == means["predicted"]
    low, high = wilson_interval(int(right.sum()), len(right))
    return {
        **{metric.key: figure_of(metric.function, table) for metric in metrics_of("comparison")},
        "lesion_accuracy": float(right.mean()) if len(right) else math.nan, "low": low, "high": high,
        **_melanoma(table),
    }


def _melanoma(table: pd.DataFrame) -> dict[str, float]:
    found = melanoma_lesions_called_else(table)
    if found is None:
        return dict.fromkeys(OF_LESIONS[3:], math.nan)
    return {
        "lesion_melanoma_sensitivity": 1 - found["called_else"] / found["lesions"],
        "melanoma_low": 1 - found["high"], "melanoma_high": 1 - found["low"],
    }
