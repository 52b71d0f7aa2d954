"""Every figure that the field reports of a classifier, for one part under one decision, each with its interval.

A target, a diagnosis or a group of them, is positive where the truth is among its codes, and flagged where the answer
is; its score is the sum of their probabilities. Figures are shares of images. Their intervals: bootstrap over lesions,
all figures from the same draws. Where every resample gives the same share, because all lesions went the same way,
the interval is Wilson's for that number of lesions. What is undefined is NaN.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pipeline.metrics.held_out import area_under_roc, classes_of, probabilities_of
from pipeline.metrics.lesion_draws import LesionDraws, bounds, mean_of_defined
from pipeline.metrics.lesion_means import lesion_means
from pipeline.metrics.targets import targets
from pipeline.metrics.wilson import wilson_interval

FIGURES = ("sensitivity", "specificity", "ppv", "npv", "f1", "auc")
OVERALL = ("balanced_accuracy", "accuracy", "top2_accuracy", "macro_auc")
# the cells that a figure is a share of
_COUNTED_IN = {"sensitivity": (0, 2), "specificity": (1, 3), "ppv": (0, 1), "npv": (2, 3)}


class _Flags(NamedTuple):
    """(images, targets) whether positive, whether flagged, and the score."""

    positive: np.ndarray
    flagged: np.ndarray
    scores: np.ndarray

    def cells(self) -> list[np.ndarray]:
        """True positives, false positives, false negatives, true negatives."""
        positive, flagged = self.positive, self.flagged
        return [positive & flagged, ~positive & flagged, positive & ~flagged, ~positive & ~flagged]


def diagnosis_table(rows: pd.DataFrame, resamples: int = 1000, seed: int = 0) -> dict[str, Any]:
    """The figures of one part.

    Args:
        rows: one row an image, with image_id, lesion_id, truth, predicted and p_<code> for each diagnosis, as one
            decision sees them.
        resamples: draws of the lesions.
        seed: of the draws.

    Returns:
        overall: for each of OVERALL its value with the low and the high end of its interval.
        lesion_accuracy: the same, of lesions by the mean of their images' probabilities, with Wilson's interval.
        targets: for each of `targets` images, lesions, prevalence (share of the images), for each of FIGURES its
            value, low and high, and recognised: how many of its lesions are flagged by the mean of their images'
            probabilities, and Wilson's low and high of that share.

    Raises:
        DataError: columns are missing.
    """
    classes = classes_of(rows)
    named = targets(classes)
    flags, draws = _flags(rows, classes, named), LesionDraws(rows["lesion_id"], resamples, seed)
    cells = flags.cells()
    drawn = shares(*map(draws.sums, cells)) | {"auc": draws.areas(flags.positive, flags.scores)}
    points = shares(*(cell.sum(axis=0) for cell in cells)) | {"auc": _areas(flags)}
    means = lesion_means(rows)
    return {
        "overall": _overall(rows, classes, draws, cells, points, drawn),
        "lesion_accuracy": _counted(means["truth"] == means["predicted"])[1:],
        "targets": {
            name: {
                "images": int(flags.positive[:, i].sum()), "lesions": int(means["truth"].isin(codes).sum()),
                "prevalence": _mean(flags.positive[:, i]),
                **_with_intervals(rows["lesion_id"], [cell[:, i] for cell in cells], i, points, drawn),
                "recognised": _recognised(means, codes),
            }
            for i, (name, codes) in enumerate(named.items())
        },
    }


def shares(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray, tn: np.ndarray) -> dict[str, np.ndarray]:
    """Sensitivity, specificity, PPV, NPV and F1 of counts of any one shape; NaN where nothing is counted."""
    with np.errstate(invalid="ignore"):
        return {
            "sensitivity": tp / (tp + fn), "specificity": tn / (tn + fp), "ppv": tp / (tp + fp), "npv": tn / (tn + fn),
            "f1": 2 * tp / (2 * tp + fp + fn),
        }


def bounded(value: float, drawn: np.ndarray, lesions: int | None = None) -> tuple[float, float, float]:
    """A figure with the bounds of its resamples.

    Args:
        value: the figure, 0..1, or NaN.
        drawn: (resamples,) it in each.
        lesions: how many lesions a share is counted on, for Wilson's interval where all resamples are equal; None: it
            is no share, and there its interval is undefined.
    """
    if math.isnan(value) or len(drawn) == 0:
        return value, math.nan, math.nan
    low, high = bounds(drawn)
    if low < high:
        return value, low, high
    if lesions is None or value not in (0, 1):
        return value, math.nan, math.nan
    return value, *wilson_interval(round(value) * lesions, lesions)


def _flags(rows: pd.DataFrame, classes: list[str], named: dict[str, tuple[str, ...]]) -> _Flags:
    probabilities = probabilities_of(rows, classes)
    return _Flags(
        np.column_stack([rows["truth"].isin(codes) for codes in named.values()]),
        np.column_stack([rows["predicted"].isin(codes) for codes in named.values()]),
        np.column_stack([probabilities[:, np.isin(classes, codes)].sum(axis=1) for codes in named.values()]),
    )


def _areas(flags: _Flags) -> np.ndarray:
    return np.array([
        area_under_roc(flags.positive[:, i], flags.scores[:, i]) for i in range(flags.positive.shape[1])
    ])


def _overall(
    rows: pd.DataFrame, classes: list[str], draws: LesionDraws, cells: list[np.ndarray], points: dict[str, np.ndarray],
    drawn: dict[str, np.ndarray],
) -> dict[str, tuple[float, float, float]]:
    ones, right, top2 = np.ones(len(rows)), cells[0][:, : len(classes)].any(axis=1), _in_top_2(rows, classes)
    counted = draws.sums(np.column_stack([ones, right, top2]))
    means = {
        figure: bounded(_mean(points[of][: len(classes)]), mean_of_defined(drawn[of][:, : len(classes)]))
        for figure, of in (("balanced_accuracy", "sensitivity"), ("macro_auc", "auc"))
    }
    with np.errstate(invalid="ignore"):
        accuracy, top2_accuracy = counted[:, 1] / counted[:, 0], counted[:, 2] / counted[:, 0]
    return {
        "balanced_accuracy": means["balanced_accuracy"],
        "accuracy": bounded(_mean(right), accuracy, draws.lesions),
        "top2_accuracy": bounded(_mean(top2), top2_accuracy, draws.lesions),
        "macro_auc": means["macro_auc"],
    }


def _in_top_2(rows: pd.DataFrame, classes: list[str]) -> np.ndarray:
    highest = np.argsort(-probabilities_of(rows, classes), axis=1, kind="stable")[:, :2]
    return (np.array(classes, dtype=object)[highest] == rows["truth"].to_numpy(dtype=object)[:, None]).any(axis=1)


def _with_intervals(
    lesions: pd.Series, cells: list[np.ndarray], i: int, points: dict[str, np.ndarray], drawn: dict[str, np.ndarray]
) -> dict[str, tuple[float, float, float]]:
    found = {}
    for figure in FIGURES:
        behind = None
        if figure in _COUNTED_IN:
            one, other = _COUNTED_IN[figure]
            behind = lesions[cells[one] | cells[other]].nunique()
        found[figure] = bounded(float(points[figure][i]), drawn[figure][:, i], behind)
    return found


def _recognised(means: pd.DataFrame, codes: tuple[str, ...]) -> tuple[int, float, float]:
    count, _, low, high = _counted(means.loc[means["truth"].isin(codes), "predicted"].isin(codes))
    return count, low, high


def _counted(flags: pd.Series) -> tuple[int, float, float, float]:
    count = int(flags.sum())
    return count, _mean(flags), *wilson_interval(count, len(flags))


def _mean(values: ArrayLike) -> float:
    """Mean of the defined values; NaN where none is."""
    values = np.asarray(values, dtype=np.float64)
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan
