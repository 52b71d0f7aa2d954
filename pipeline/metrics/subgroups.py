"""How a figure differs between kinds of images, and whether the difference is more than chance.

Each group is compared with the rest of the part. Intervals: bootstrap over lesions, group and rest from the same draws.
Where every resample gives a group the same share, because all of its lesions went the same way, its interval is
Wilson's for that number of lesions, and that of the difference combines both intervals
(`wilson.difference_interval`). With 95 % intervals about one of twenty comparisons is supported by chance alone.
"""

import math
from typing import Literal, get_args

import numpy as np
import pandas as pd

from pipeline.metrics.metric_registry import METRICS, TARGET_METRICS
from pipeline.metrics.predictions_table import classes_of, probabilities_of
from pipeline.metrics.sampled import Sampled
from pipeline.metrics.samples import EachOnce, LesionDraws, bounded, bounds
from pipeline.metrics.wilson import difference_interval

Figure = Literal["accuracy", "balanced_accuracy", "sensitivity", "specificity"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
OF_A_TARGET: tuple[Figure, ...] = ("sensitivity", "specificity")
FEW = 30  # lesions
_TARGET = "target"  # the last of what is `Sampled`
CONFIDENCE_BANDS = ("below 50 %", "50 % to 70 %", "70 % to 90 %", "90 % and more")
CONFIDENCE_ENDS = (0.5, 0.7, 0.9)
_Side = tuple[tuple[float, float, float], np.ndarray]  # a figure with its bounds, and (resamples,) it in each


def confidence_bands(predictions: pd.DataFrame) -> pd.Series:
    """The band of CONFIDENCE_BANDS of each image's highest probability, on the index of `predictions`."""
    highest = probabilities_of(predictions, classes_of(predictions)).max(axis=1)
    bands = np.array(CONFIDENCE_BANDS, dtype=object)[np.digitize(highest, CONFIDENCE_ENDS)]
    return pd.Series(bands, predictions.index)


def subgroup_table(
    predictions: pd.DataFrame, groups: pd.Series, levels: list[str], figure: Figure,
    codes: tuple[str, ...] = (), resamples: int = 1000, seed: int = 0,
) -> pd.DataFrame:
    """One figure in each group.

    Args:
        predictions: one row an image of one part, as one decision sees them.
        groups: the group of each image, on the same index.
        levels: the groups, in the order of the rows; images of others belong to the rest.
        figure: `sensitivity` and `specificity` are those of the target `codes`.

    Returns:
        level, images, lesions (of the group), of_images, of_lesions (those that the figure is a share of), value,
        low, high; rest (the figure of all other images), difference (value - rest), difference_low, difference_high;
        supported (whether that interval leaves out 0), few (fewer than FEW of_lesions) and lacking (diagnoses of the
        part that the group or the rest does not have; its balanced accuracy is then undefined). NaN for what is
        undefined.

    Raises:
        DataError: columns are missing.
    """
    classes, truth, lesions = sorted(predictions["truth"].unique()), predictions["truth"], predictions["lesion_id"]
    asked = _asked(predictions, figure, codes)
    draws = LesionDraws(lesions, resamples, seed)
    rows = []
    for level in levels:
        inside = (groups == level).to_numpy()
        lacking = sorted(set(classes) - set(truth[inside])) or sorted(set(classes) - set(truth[~inside]))
        row = {"level": level, "images": int(inside.sum()), "lesions": lesions[inside].nunique(),
               "of_images": int((inside & asked).sum()), "of_lesions": lesions[inside & asked].nunique(),
               "lacking": lacking if figure == "balanced_accuracy" else []}
        group, rest = (_side(predictions, draws, side, asked, figure, codes) for side in (inside, ~inside))
        rows.append(row | _compared(group, rest, undefined=bool(row["lacking"])))
    table = pd.DataFrame(rows, columns=[
        "level", "images", "lesions", "of_images", "of_lesions", "value", "low", "high", "rest", "difference",
        "difference_low", "difference_high", "lacking",
    ])
    table["supported"] = (table["difference_low"] > 0) | (table["difference_high"] < 0)
    table["few"] = table["of_lesions"] < FEW
    return table


def _asked(predictions: pd.DataFrame, figure: Figure, codes: tuple[str, ...]) -> np.ndarray:
    """(images,) whether the figure is counted on them."""
    if figure in METRICS:
        return np.ones(len(predictions), dtype=bool)
    positive = predictions["truth"].isin(codes).to_numpy()
    return positive if figure == "sensitivity" else ~positive


def _side(
    predictions: pd.DataFrame, draws: LesionDraws, inside: np.ndarray, asked: np.ndarray, figure: Figure,
    codes: tuple[str, ...],
) -> _Side:
    """The figure of the images `inside`, bounded, and (resamples,) of each resample."""
    rows = predictions[inside]
    value, drawn = (
        _values(Sampled(rows, sample, {_TARGET: codes}), figure) for sample in (EachOnce(), draws.within(inside))
    )
    is_share = figure in TARGET_METRICS or METRICS[figure].counts_images
    lesions = predictions.loc[inside & asked, "lesion_id"].nunique() if is_share else None
    return bounded(float(value[0]), drawn, lesions), drawn


def _values(of: Sampled, figure: Figure) -> np.ndarray:
    """(draws,)"""
    return METRICS[figure].function(of) if figure in METRICS else TARGET_METRICS[figure].function(of)[:, -1]


def _compared(group: _Side, rest: _Side, undefined: bool) -> dict[str, float]:
    ((value, low, high), drawn), ((rest_value, rest_low, rest_high), rest_drawn) = group, rest
    if undefined:
        return dict.fromkeys(
            ("value", "low", "high", "rest", "difference", "difference_low", "difference_high"), math.nan
        )
    differences = drawn - rest_drawn
    if value in (0, 1) or rest_value in (0, 1):
        bound = difference_interval(value, (low, high), rest_value, (rest_low, rest_high))
    else:
        bound = bounds(differences)
    return {"value": value, "low": low, "high": high, "rest": rest_value, "difference": value - rest_value,
            "difference_low": bound[0], "difference_high": bound[1]}
