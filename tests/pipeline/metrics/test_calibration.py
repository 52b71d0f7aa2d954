"""How far probabilities can be taken at their word: errors by hand, and a temperature that is known."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss

from pipeline.errors import DataError
from pipeline.metrics.calibration import (
    apply_temperature,
    calibrated,
    fit_table_temperature,
    fit_temperature,
    reliability_table,
)
from pipeline.metrics.metric_functions import brier_score, calibration_error
from pipeline.metrics.sampled import figure_of

CODES = ["bcc", "mel", "nv"]


def _table(shares, truths) -> pd.DataFrame:
    shares = np.array(shares, dtype=float)
    return pd.DataFrame({"truth": truths, **{f"p_{code}": shares[:, i] for i, code in enumerate(CODES)}})


BY_HAND = _table([[0.1, 0.1, 0.8], [0.1, 0.2, 0.7], [0.9, 0.1, 0.0], [0.3, 0.4, 0.3]], ["nv", "mel", "bcc", "mel"])


def _drawn(images: int, temperature: float, seed: int = 0):
    """Truths drawn from softmax(logits), and what a network says that is off by `temperature`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (images, 3))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truths = (shares.cumsum(axis=1) < rng.random((images, 1))).sum(axis=1)
    return apply_temperature(shares, 1 / temperature), truths


def test_calibration_error_by_hand():
    # two bins: 0.4 right (0.6 off) alone; 0.8 right, 0.7 wrong, 0.9 right: 2/3 right against 0.8
    expected = 0.25 * 0.6 + 0.75 * (0.8 - 2 / 3)
    assert figure_of(lambda of: calibration_error(of, bins=2), BY_HAND) == pytest.approx(expected)
    apart = _table([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]], ["bcc", "mel"])
    assert figure_of(lambda of: calibration_error(of, bins=2), apart) == pytest.approx(0.75)
    assert figure_of(calibration_error, _table([[1.0, 0.0, 0.0]] * 4, ["bcc"] * 4)) == 0
    assert math.isnan(figure_of(calibration_error, BY_HAND[:0]))


def test_a_bound_belongs_to_the_bin_below_and_zero_to_the_first():
    table = _table([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]], ["mel", "bcc"])
    assert reliability_table(table, bins=2, code="mel")["images"].tolist() == [2, 0]
    assert reliability_table(table, bins=2, code="bcc")["images"].tolist() == [1, 1]


def test_reliability_by_hand():
    found = reliability_table(BY_HAND, bins=4)
    assert found["images"].tolist() == [0, 1, 1, 2]
    assert found[["low", "high"]].iloc[2].tolist() == [0.5, 0.75]
    assert found["confidence"].tolist()[1:] == pytest.approx([0.4, 0.7, 0.85])
    assert found["share"].tolist()[1:] == [1, 0, 1] and found.iloc[0][["confidence", "share"]].isna().all()
    melanoma = reliability_table(BY_HAND, bins=4, code="mel")
    assert melanoma["images"].tolist() == [3, 1, 0, 0] and melanoma["share"].iloc[:2].tolist() == [1 / 3, 1]
    with pytest.raises(DataError, match="^The predictions have no probability for df"):
        reliability_table(BY_HAND, code="df")


def test_brier_score_is_scikit_learns():
    shares, truths = _drawn(200, 1.5)
    expected = brier_score_loss(truths, shares, labels=[0, 1, 2], scale_by_half=False)
    assert figure_of(brier_score, _table(shares, np.array(CODES)[truths])) == pytest.approx(expected)
    assert figure_of(brier_score, BY_HAND[:1]) == pytest.approx(0.01 + 0.01 + 0.04)
    assert math.isnan(figure_of(brier_score, BY_HAND[:0]))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_is_found_again_and_calibrates(temperature):
    shares, truths = _drawn(20_000, temperature)
    table = _table(shares, np.array(CODES)[truths])
    found = fit_temperature(shares, truths)
    assert found == pytest.approx(temperature, rel=0.05) == fit_table_temperature(table)
    after = calibrated(table.assign(predicted=""), found)
    assert figure_of(calibration_error, after) < 0.012
    assert (after["predicted"] == np.array(CODES)[shares.argmax(axis=1)]).all()
    if temperature != 1:
        assert figure_of(calibration_error, table) > 0.05


def test_the_temperature_minimises_the_likelihood():
    shares, truths = _drawn(300, 1.7, seed=3)
    best = fit_temperature(shares, truths)

    def loss(temperature: float) -> float:
        return -np.log(apply_temperature(shares, temperature)[np.arange(len(truths)), truths]).mean()

    assert loss(best) < min(loss(best * 1.02), loss(best / 1.02))


def test_temperatures_at_the_edges():
    shares = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    assert fit_temperature(shares, np.array([0, 1])) == pytest.approx(0.05, rel=0.01)  # all right: no maximum within
    assert math.isnan(fit_temperature(shares[:0], np.array([], dtype=int)))
    assert apply_temperature(shares, 1.0) == pytest.approx(shares)
    certain = apply_temperature(np.array([[1.0, 0.0, 0.0]]), 2.0)
    assert np.isfinite(certain).all() and certain.sum() == pytest.approx(1)


def test_what_is_missing_is_said():
    with pytest.raises(DataError, match="^The predictions lack the column truth"):
        figure_of(calibration_error, BY_HAND.drop(columns="truth"))
    with pytest.raises(DataError, match="^The predictions name df"):
        figure_of(brier_score, BY_HAND.assign(truth="df"))
