"""The figures of one held-out part as its network answers, and how far they might be elsewhere."""

import math
from typing import Any

import pandas as pd

from pipeline.errors import DataError
from pipeline.metrics.metric_functions import auc, sensitivity, specificity
from pipeline.metrics.metric_registry import metrics_of
from pipeline.metrics.predictions_table import classes_of
from pipeline.metrics.sampled import Sampled
from pipeline.metrics.samples import EachOnce, LesionDraws, bounds

_OF_DIAGNOSES = {"sensitivity": sensitivity, "specificity": specificity, "auc": auc}
BOUNDED = tuple(metric.key for metric in metrics_of("part") if metric.interval)


def summarise(predictions: pd.DataFrame, majority: str | None) -> dict[str, Any]:
    """The figures of one part (validation or test).

    Args:
        predictions: one row an image, with image_id, lesion_id, truth, predicted and p_<code> for each diagnosis.
        majority: the most frequent diagnosis of the *training* part; None where it is not known.

    Returns:
        images, lesions: counts.
        each of `metrics_of("part")` by its key.
        per_diagnosis: for each code images, lesions, sensitivity, specificity, auc.

    Raises:
        DataError: columns are missing, or a truth or an answer has no probability column.
    """
    classes = classes_of(predictions)
    unknown = sorted({*predictions["truth"], *predictions["predicted"]} - set(classes))
    if unknown:
        raise DataError(f"The predictions name {', '.join(unknown)} but have no probability for it.")
    of = Sampled(predictions, EachOnce(), majority=majority)
    figures = {key: function(of)[0] for key, function in _OF_DIAGNOSES.items()}
    return {
        "images": len(predictions), "lesions": int(predictions["lesion_id"].nunique()),
        **{metric.key: float(metric.function(of)[0]) for metric in metrics_of("part")},
        "per_diagnosis": {
            code: {
                "images": int(of.positive[:, i].sum()),
                "lesions": int(predictions.loc[of.positive[:, i], "lesion_id"].nunique()),
                **{key: float(values[i]) for key, values in figures.items()},
            }
            for i, code in enumerate(classes)
        },
    }


def lesion_bootstrap(
    predictions: pd.DataFrame, resamples: int = 1000, seed: int = 0, confidence: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Intervals of the figures of one part that have one, by a bootstrap that draws whole lesions; see `samples`.

    A resample may lack a rare diagnosis: its means are then those over the diagnoses that it has.

    Args:
        predictions: as for `summarise`.
        resamples: how many times lesions are drawn.
        seed: of the draws; equal seeds give equal intervals.
        confidence: share of the resamples between the bounds, 0..1.

    Returns:
        For each of BOUNDED its low and high bound; (NaN, NaN) with fewer than two lesions, or where the figure is
        defined in no resample.

    Raises:
        DataError: columns are missing.
    """
    classes_of(predictions)
    draws = LesionDraws(predictions["lesion_id"], resamples, seed)
    if draws.lesions < 2:
        return dict.fromkeys(BOUNDED, (math.nan, math.nan))
    of = Sampled(predictions, draws)
    return {metric.key: bounds(metric.function(of), confidence) for metric in metrics_of("part") if metric.interval}
