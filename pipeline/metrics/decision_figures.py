"""The figures of a calibrated model under its two decisions, each with its 95 % interval over lesions."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.metrics.calibration import BINS, bin_of, calibration_error, confidence_and_right
from pipeline.metrics.decisions import DECISIONS, decide
from pipeline.metrics.held_out import area_under_roc, classes_of, probabilities_of
from pipeline.metrics.lesion_draws import LesionDraws, bounds, mean_of_defined
from pipeline.metrics.melanoma import MELANOMA, melanoma_lesions_called_else


class Figure(NamedTuple):
    """A `value` and the bounds `low` and `high` of its 95 % interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


def decision_figures(
    predictions: pd.DataFrame, frequencies: Mapping[str, float], resamples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Figures over all images and for each diagnosis.

    Args:
        predictions: a row an image: image_id, lesion_id, truth, predicted, and calibrated p_<code> at the data's
            frequencies.
        frequencies: share of each diagnosis in the training images, by code.
        resamples, seed: of the bootstrap over lesions; every figure sees the same draws.

    Returns:
        images, lesions: counts.
        overall: Figures by name: accuracy (as-data), balanced_accuracy (balanced), macro_auc, melanoma_auc (both of the
            probabilities as they are), melanoma_sensitivity (balanced), calibration_error (as-data, 15 bins; resampling
            adds noise to every bin, so its interval lies above rather than around the value).
        per_diagnosis: for each code images, lesions, auc (a Figure), and for each decision the Figures sensitivity and
            specificity.
        melanoma: for each decision what `melanoma_lesions_called_else` counts.

    Raises:
        DataError: columns are missing, a diagnosis has no frequency, or a truth no probability.
    """
    classes = classes_of(predictions)
    tables = {decision: decide(predictions, frequencies, decision) for decision in DECISIONS}
    draws = LesionDraws(predictions["lesion_id"], resamples, seed)
    positive = predictions["truth"].to_numpy(dtype=object)[:, None] == np.array(classes, dtype=object)
    answers = {decision: _Answers(table, classes, positive, draws) for decision, table in tables.items()}
    shares = probabilities_of(predictions, classes)
    areas = _areas(positive, shares, draws)
    return {
        "images": len(predictions), "lesions": draws.lesions,
        "overall": {
            "accuracy": answers["as-data"].accuracy(),
            "balanced_accuracy": answers["balanced"].balanced_accuracy(),
            "macro_auc": _mean_figure(areas),
            "melanoma_auc": _one(areas, classes, MELANOMA),
            "melanoma_sensitivity": _one(answers["balanced"].sensitivities(), classes, MELANOMA),
            "calibration_error": _calibration_error(tables["as-data"], draws),
        },
        "per_diagnosis": {
            code: {
                "images": int(positive[:, i].sum()),
                "lesions": int(predictions.loc[positive[:, i], "lesion_id"].nunique()),
                "auc": _one(areas, classes, code),
                **{
                    decision: {
                        "sensitivity": _one(found.sensitivities(), classes, code),
                        "specificity": _one(found.specificities(), classes, code),
                    }
                    for decision, found in answers.items()
                },
            }
            for i, code in enumerate(classes)
        },
        "melanoma": {decision: melanoma_lesions_called_else(table) for decision, table in tables.items()},
    }


def figures_within(
    predictions: pd.DataFrame, groups: pd.Series, frequencies: Mapping[str, float], resamples: int = 1000
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
        figures = decision_figures(rows, frequencies, resamples)
        del figures["per_diagnosis"]
        found[str(name)] = {**figures, "diagnoses": rows["truth"].value_counts().sort_index().to_dict()}
    return found


class _Parts(NamedTuple):
    """A figure of each diagnosis: (diagnoses,) values, and (resamples, diagnoses) of the resamples."""

    values: np.ndarray
    resampled: np.ndarray


class _Answers:
    """The answers under one decision."""

    def __init__(self, table: pd.DataFrame, classes: list[str], positive: np.ndarray, draws: LesionDraws) -> None:
        answer = table["predicted"].to_numpy(dtype=object)[:, None] == np.array(classes, dtype=object)
        self._counts = [
            _Parts(flags.sum(axis=0).astype(float), draws.sums(flags))
            for flags in (positive, positive & answer, ~positive, ~positive & ~answer)
        ]

    def sensitivities(self) -> _Parts:
        return _ratio(self._counts[1], self._counts[0])

    def specificities(self) -> _Parts:
        return _ratio(self._counts[3], self._counts[2])

    def accuracy(self) -> Figure:
        images, hits = self._counts[:2]
        whole = images.values.sum()
        value = float(hits.values.sum() / whole) if whole else math.nan
        with np.errstate(invalid="ignore"):
            return Figure(value, *bounds(hits.resampled.sum(axis=1) / images.resampled.sum(axis=1)))

    def balanced_accuracy(self) -> Figure:
        return _mean_figure(self.sensitivities())


def _ratio(part: _Parts, whole: _Parts) -> _Parts:
    with np.errstate(invalid="ignore"):
        return _Parts(part.values / whole.values, part.resampled / whole.resampled)


def _areas(positive: np.ndarray, shares: np.ndarray, draws: LesionDraws) -> _Parts:
    values = [area_under_roc(positive[:, i], shares[:, i]) for i in range(shares.shape[1])]
    return _Parts(np.array(values), draws.areas(positive, shares))


def _mean_figure(parts: _Parts) -> Figure:
    """The mean over the diagnoses where it is defined."""
    return Figure(float(mean_of_defined(parts.values[None])[0]), *bounds(mean_of_defined(parts.resampled)))


def _one(parts: _Parts, classes: list[str], code: str) -> Figure:
    if code not in classes:
        return Figure(math.nan, math.nan, math.nan)
    place = classes.index(code)
    return Figure(float(parts.values[place]), *bounds(parts.resampled[:, place]))


def _calibration_error(table: pd.DataFrame, draws: LesionDraws) -> Figure:
    confidence, right = confidence_and_right(table)
    in_bin = bin_of(confidence)[:, None] == np.arange(BINS)
    gaps = draws.sums(in_bin * (right - confidence)[:, None])
    with np.errstate(invalid="ignore"):
        resampled = np.abs(gaps).sum(axis=1) / draws.sums(in_bin).sum(axis=1)
    return Figure(calibration_error(confidence, right), *bounds(resampled))
