"""Calibration figures with intervals, and a temperature that is judged on other lesions than it was fitted on."""

import math

import numpy as np
import pytest

from pipeline.metrics.calibration import apply_temperature
from pipeline.metrics.metric_functions import brier_score, calibration_error
from pipeline.metrics.reliability import calibration_figures, reliability_with_intervals
from pipeline.metrics.sampled import figure_of
from pipeline.metrics.wilson import wilson_interval
from tests.scored_tables import CODES, scored_table, table_of


def _calibrated(lesions, seed, temperature=1.0):
    """A truth drawn from each lesion's own probabilities; then a temperature makes them claim too much."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(4), lesions)
    truth = [CODES[rng.choice(4, p=row)] for row in shares]
    return table_of(apply_temperature(shares, 1 / temperature), truth, range(lesions))


def test_figures_stand_within_their_intervals():
    table = scored_table(150, seed=1)
    found = calibration_figures(table, resamples=200)
    assert found["brier"][0] == pytest.approx(figure_of(brier_score, table))
    assert found["ece"][0] == pytest.approx(figure_of(calibration_error, table))
    assert found["brier"][1] < found["brier"][0] < found["brier"][2]
    assert found["ece"][1] < found["ece"][2]


def test_each_half_fits_once_and_judges_the_other():
    found = calibration_figures(_calibrated(2000, 2, temperature=2.5), resamples=10)
    assert [half["fitted_lesions"] for half in found["halves"]] == [1000, 1000]
    for half in found["halves"]:
        assert half["temperature"] == pytest.approx(2.5, rel=0.15)
        assert half["ece"][1] < half["ece"][0] / 2 and half["brier"][1] < half["brier"][0]


def test_images_of_a_lesion_stay_in_one_half():
    table = scored_table(41, seed=3)
    first, second = calibration_figures(table, resamples=10)["halves"]
    assert (first["fitted_lesions"], first["judged_lesions"]) == (20, 21) == (
        second["judged_lesions"], second["fitted_lesions"]
    )
    assert first["judged_images"] + second["judged_images"] == len(table)


def test_a_bin_where_all_went_the_same_way_has_wilson_s_interval():
    table = table_of(np.tile([0.0, 0.1, 0.9, 0.0], (6, 1)), ["mel"] * 6, [0, 0, 1, 1, 2, 2])
    row = reliability_with_intervals(table).iloc[13]
    assert (row["images"], row["share"]) == (6, 1.0)
    assert (row["share_low"], row["share_high"]) == pytest.approx(wilson_interval(3, 3))
    assert reliability_with_intervals(table)["share_low"].isna().sum() == 14
    assert reliability_with_intervals(table, "bcc").loc[1, "share"] == 0.0


def test_nothing_to_judge_is_undefined():
    found = calibration_figures(scored_table(5)[:0])
    assert math.isnan(found["ece"][0]) and math.isnan(found["brier"][1]) and found["halves"] == []
