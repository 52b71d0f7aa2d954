"""The figures of a calibrated model under its two decisions, each with its 95 % interval over lesions."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.metrics.decisions import DECISIONS, decide
from pipeline.metrics.lesion_answers import melanoma_lesions_called_else
from pipeline.metrics.metric_functions import auc, sensitivity, specificity
from pipeline.metrics.metric_registry import metrics_of
from pipeline.metrics.predictions_table import classes_of
from pipeline.metrics.sampled import Sampled
from pipeline.metrics.samples import EachOnce, LesionDraws, bounds
from pipeline.vocabulary import Decision


class Figure(NamedTuple):
    """A `value` and the bounds `low` and `high` of its 95 % interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


class _Both(NamedTuple):
    """The same predictions with each image counted once, and under the draws."""

    whole: Sampled
    drawn: Sampled

    def figure(self, function: Callable[[Sampled], np.ndarray]) -> Figure:
        return Figure(float(function(self.whole)[0]), *bounds(function(self.drawn)))

    def figure_of(self, function: Callable[[Sampled], np.ndarray], code: str) -> Figure:
        return self.figure(lambda of: of.of_diagnosis(function(of), code))


def decision_figures(
    predictions: pd.DataFrame, class_priors: Mapping[str, float], resamples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Figures over all images and for each diagnosis.

    Args:
        predictions: a row an image: image_id, lesion_id, truth, predicted, and calibrated p_<code> at the data's
            class priors.
        class_priors: share of each diagnosis in the training images, by code.
        resamples, seed: of the bootstrap over lesions; every figure sees the same draws.

    Returns:
        images, lesions: counts.
        overall: a Figure for each of `metrics_of("bundled")`, under the decision that it names; one that names none is
            of the probabilities as they are. Resampling adds noise to every bin of the calibration error, so its
            interval lies above rather than around the value.
        per_diagnosis: for each code images, lesions, auc (a Figure), and for each decision the Figures sensitivity and
            specificity.
        melanoma: for each decision what `melanoma_lesions_called_else` counts.

    Raises:
        DataError: columns are missing, a diagnosis has no class prior, or a truth no probability.
    """
    tables = {decision: decide(predictions, class_priors, decision) for decision in DECISIONS}
    draws = LesionDraws(predictions["lesion_id"], resamples, seed)
    as_they_are, decided = _both(predictions, draws), {name: _both(table, draws) for name, table in tables.items()}
    return {
        "images": len(predictions), "lesions": draws.lesions,
        "overall": {
            metric.key: (decided[metric.decision] if metric.decision else as_they_are).figure(metric.function)
            for metric in metrics_of("bundled")
        },
        "per_diagnosis": {
            code: _of_diagnosis(predictions, code, as_they_are, decided) for code in classes_of(predictions)
        },
        "melanoma": {decision: melanoma_lesions_called_else(table) for decision, table in tables.items()},
    }


def _both(table: pd.DataFrame, draws: LesionDraws) -> _Both:
    return _Both(Sampled(table, EachOnce()), Sampled(table, draws))


def _of_diagnosis(
    predictions: pd.DataFrame, code: str, as_they_are: _Both, decided: Mapping[Decision, _Both]
) -> dict[str, Any]:
    images = predictions[predictions["truth"] == code]
    return {
        "images": len(images), "lesions": int(images["lesion_id"].nunique()), "auc": as_they_are.figure_of(auc, code),
        **{
            decision: {
                "sensitivity": both.figure_of(sensitivity, code), "specificity": both.figure_of(specificity, code),
            }
            for decision, both in decided.items()
        },
    }


def figures_within(
    predictions: pd.DataFrame, groups: pd.Series, class_priors: Mapping[str, float], resamples: int = 1000
) -> dict[str, dict[str, Any]]:
    """`decision_figures` of each group of images, such as those of one image source, without `per_diagnosis`.

    Args:
        groups: the group of each row of `predictions`; images without one are in none.

    Returns:
        For each group, by name, its figures, and `diagnoses`: its images by true diagnosis.
    """
    found = {}
    for name in sorted(groups.dropna().unique()):
        rows = predictions[(groups == name).to_numpy(dtype=bool)]
        figures = decision_figures(rows, class_priors, resamples)
        del figures["per_diagnosis"]
        found[str(name)] = {**figures, "diagnoses": rows["truth"].value_counts().sort_index().to_dict()}
    return found
