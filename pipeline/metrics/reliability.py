"""Calibration of one part, and what a temperature does to it: fitted on one half of the lesions, judged on the other.

A temperature that is judged on the images it was fitted on flatters; so the lesions are halved at random, and both
halves take both roles.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from pipeline.metrics.calibration import calibrated, fit_table_temperature, reliability_table
from pipeline.metrics.metric_functions import bin_of, brier_score, calibration_error
from pipeline.metrics.predictions_table import confidence_and_right, probability_column
from pipeline.metrics.sampled import Sampled, figure_of
from pipeline.metrics.samples import LesionDraws, bounded


def calibration_figures(rows: pd.DataFrame, resamples: int = 1000, seed: int = 0) -> dict[str, Any]:
    """How well the probabilities of one part hold.

    Args:
        rows: one row an image, with lesion_id, truth and p_<code> at the data's frequencies.
        resamples, seed: of the bootstrap over lesions; `seed` also halves the lesions.

    Returns:
        ece, brier: value, and the low and high end of its interval.
        confidence, right: mean probability of the answer, and share of answers that are right.
        halves: two dicts with fitted_lesions, judged_lesions, judged_images, temperature, and ece and brier of the
            judged half, each before and after; empty with fewer than two lesions.

    Raises:
        DataError: columns are missing, or a truth has no probability.
    """
    confidence, right = confidence_and_right(rows)
    drawn = Sampled(rows, LesionDraws(rows["lesion_id"], resamples, seed))
    return {
        "ece": bounded(figure_of(calibration_error, rows), calibration_error(drawn)),
        "brier": bounded(figure_of(brier_score, rows), brier_score(drawn)),
        "confidence": float(confidence.mean()) if len(rows) else math.nan,
        "right": float(right.mean()) if len(rows) else math.nan,
        "halves": _halves(rows, seed),
    }


def reliability_with_intervals(
    rows: pd.DataFrame, code: str | None = None, resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """`calibration.reliability_table` of one part, with share_low and share_high: the interval of each bin's share.

    Bootstrap over lesions; where all images of a bin went the same way, Wilson's for its number of lesions.

    Raises:
        DataError: columns are missing, a truth has no probability, or `code` has none.
    """
    table = reliability_table(rows, code=code)
    if code is None:
        probability, hit = confidence_and_right(rows)
    else:
        probability, hit = rows[probability_column(code)].to_numpy(dtype=np.float64), (rows["truth"] == code).to_numpy()
    place = bin_of(probability)
    in_bin = place[:, None] == np.arange(len(table))
    draws = LesionDraws(rows["lesion_id"], resamples, seed)
    with np.errstate(invalid="ignore"):
        drawn = draws.sums(in_bin & hit[:, None]) / draws.sums(in_bin)
    lesions = rows["lesion_id"].groupby(place).nunique()
    ends = [bounded(float(share), drawn[:, i], int(lesions.get(i, 0)))[1:] for i, share in enumerate(table["share"])]
    return table.assign(share_low=[low for low, _ in ends], share_high=[high for _, high in ends])


def _halves(rows: pd.DataFrame, seed: int) -> list[dict[str, Any]]:
    lesions = np.sort(rows["lesion_id"].unique())
    if len(lesions) < 2:
        return []
    first = np.random.default_rng(seed).permutation(lesions)[: len(lesions) // 2]
    inside = rows["lesion_id"].isin(first)
    return [_judged(rows[fitted], rows[~fitted]) for fitted in (inside, ~inside)]


def _judged(fitted: pd.DataFrame, judged: pd.DataFrame) -> dict[str, Any]:
    temperature = fit_table_temperature(fitted)
    after = calibrated(judged, temperature)
    return {
        "fitted_lesions": fitted["lesion_id"].nunique(), "judged_lesions": judged["lesion_id"].nunique(),
        "judged_images": len(judged), "temperature": temperature,
        "ece": [figure_of(calibration_error, judged), figure_of(calibration_error, after)],
        "brier": [figure_of(brier_score, judged), figure_of(brier_score, after)],
    }
