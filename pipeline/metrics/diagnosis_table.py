"""Every figure of one part under one decision, over all images and of each target, each with its interval.

Figures are shares of images. Their intervals: bootstrap over lesions, all figures from the same draws. Where every
resample gives the same share, because all lesions went the same way, the interval is Wilson's for that number of
lesions. What is undefined is NaN.
"""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.metrics.lesion_answers import lesion_means
from pipeline.metrics.metric_registry import TARGET_METRICS, TargetMetric, metrics_of
from pipeline.metrics.predictions_table import classes_of
from pipeline.metrics.sampled import Sampled, targets
from pipeline.metrics.samples import EachOnce, LesionDraws, bounded
from pipeline.metrics.wilson import wilson_interval


def diagnosis_table(rows: pd.DataFrame, resamples: int = 1000, seed: int = 0) -> dict[str, Any]:
    """The figures of one part.

    Args:
        rows: one row an image, with image_id, lesion_id, truth, predicted and p_<code> for each diagnosis, as one
            decision sees them.
        resamples: draws of the lesions.
        seed: of the draws.

    Returns:
        overall: for each of `metrics_of("decision")` its value with the low and the high end of its interval.
        lesion_accuracy: the same, of lesions by the mean of their images' probabilities, with Wilson's interval.
        targets: for each of `targets` images, lesions, prevalence (share of the images), for each of TARGET_METRICS its
            value, low and high, and recognised: how many of its lesions are flagged by the mean of their images'
            probabilities, and Wilson's low and high of that share.

    Raises:
        DataError: columns are missing.
    """
    named = targets(classes_of(rows))
    groups = {name: codes for name, codes in named.items() if codes != (name,)}
    draws = LesionDraws(rows["lesion_id"], resamples, seed)
    whole, drawn = Sampled(rows, EachOnce(), groups), Sampled(rows, draws, groups)
    means = lesion_means(rows)
    each = {key: _of_targets(metric, whole, drawn) for key, metric in TARGET_METRICS.items()}
    return {
        "overall": {
            # a mean over diagnoses is no share of lesions
            metric.key: bounded(float(metric.function(whole)[0]), metric.function(drawn),
                                draws.lesions if metric.counts_images else None)
            for metric in metrics_of("decision")
        },
        "lesion_accuracy": _counted(means["truth"] == means["predicted"])[1:],
        "targets": {
            name: {
                "images": int(whole.positive[:, i].sum()), "lesions": int(means["truth"].isin(codes).sum()),
                "prevalence": float(whole.sample.mean(whole.positive[:, i])[0]),
                **{key: figures[name] for key, figures in each.items()},
                "recognised": _recognised(means, codes),
            }
            for i, (name, codes) in enumerate(whole.targets.items()) if name in named
        },
    }


def _of_targets(metric: TargetMetric, whole: Sampled, drawn: Sampled) -> dict[str, tuple[float, float, float]]:
    values, resampled = metric.function(whole)[0], metric.function(drawn)
    among, lesions = metric.counted_among and metric.counted_among(whole), whole.predictions["lesion_id"]
    return {
        name: bounded(float(values[i]), resampled[:, i], None if among is None else lesions[among[:, i]].nunique())
        for i, name in enumerate(whole.targets)
    }


def _recognised(means: pd.DataFrame, codes: tuple[str, ...]) -> tuple[int, float, float]:
    count, _, low, high = _counted(means.loc[means["truth"].isin(codes), "predicted"].isin(codes))
    return count, low, high


def _counted(flags: pd.Series) -> tuple[int, float, float, float]:
    count = int(flags.sum())
    return count, count / len(flags) if len(flags) else np.nan, *wilson_interval(count, len(flags))
