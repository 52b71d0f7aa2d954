"""The two named decisions: what a network says is carried over to the data's frequencies and back by Bayes' rule."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from pipeline.configuration.config import Loss
from pipeline.errors import DataError
from pipeline.metrics.class_priors import WEIGHS_ALIKE, at_equal_priors, at_training_priors, class_priors
from pipeline.metrics.decision_figures import decision_figures, figures_within
from pipeline.metrics.decisions import DECISIONS, decide, decided
from pipeline.metrics.lesion_answers import melanoma_lesions_called_else
from pipeline.metrics.metric_functions import calibration_error
from pipeline.metrics.part_figures import lesion_bootstrap, summarise
from pipeline.metrics.predictions_table import with_probabilities
from pipeline.metrics.sampled import figure_of

CODES = ["bcc", "mel", "nv"]
FREQUENCIES = {"bcc": 0.1, "mel": 0.2, "nv": 0.7}


def _table(lesions: int = 60, images_each: int = 2, seed: int = 0) -> pd.DataFrame:
    """Answers that are often right, at FREQUENCIES."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.choice(len(CODES), lesions, p=list(FREQUENCIES.values())), images_each)
    logits = rng.normal(0, 1, (len(truth), len(CODES))) + np.log(list(FREQUENCIES.values()))
    logits[np.arange(len(truth)), truth] += 1.5
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = pd.DataFrame({
        "image_id": [f"i{n}" for n in range(len(truth))],
        "lesion_id": [f"L{n // images_each}" for n in range(len(truth))],
        "truth": np.array(CODES)[truth],
    })
    return with_probabilities(table, CODES, shares)


@pytest.mark.parametrize(("loss", "expected"), [
    ("balanced_softmax", [0.5 * 0.1 / 0.19, 0.3 * 0.2 / 0.19, 0.2 * 0.7 / 0.19]),
    ("weighted", [0.5 * 0.1 / 0.19, 0.3 * 0.2 / 0.19, 0.2 * 0.7 / 0.19]),
    ("cross_entropy", [0.5, 0.3, 0.2]),
])
def test_a_network_that_weighs_all_alike_is_carried_over_to_the_data(loss, expected):
    expected = np.array(expected) / sum(expected)
    found = at_training_priors(np.array([[0.5, 0.3, 0.2]]), np.array([0.1, 0.2, 0.7]), loss)
    assert found[0] == pytest.approx(expected)


def test_weighing_alike_undoes_it_and_keeps_rows_summing_to_one():
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    frequencies = np.array(list(FREQUENCIES.values()))
    there = at_training_priors(shares, frequencies, "balanced_softmax")
    assert there.sum(axis=1) == pytest.approx(1)
    assert at_equal_priors(there, frequencies) == pytest.approx(shares)
    assert decided(there, frequencies, "as-data") == pytest.approx(there)
    assert decided(there, frequencies, "balanced") == pytest.approx(shares)


def test_every_loss_has_its_side():
    losses = get_args(Loss)
    assert set(WEIGHS_ALIKE) <= set(losses) and "cross_entropy" not in WEIGHS_ALIKE
    assert list(DECISIONS) == ["as-data", "balanced"]


def test_a_rare_diagnosis_wins_where_all_are_weighed_alike():
    table = pd.DataFrame({"truth": ["mel"], "predicted": ["nv"], "p_bcc": [0.02], "p_mel": [0.38], "p_nv": [0.6]})
    found = decide(table, FREQUENCIES, "balanced")
    whole = 0.02 / 0.1 + 0.38 / 0.2 + 0.6 / 0.7
    assert found["predicted"].tolist() == ["mel"] and found["p_mel"].iloc[0] == pytest.approx(1.9 / whole)
    assert found["loss"].iloc[0] == pytest.approx(-np.log(1.9 / whole))
    assert decide(table, FREQUENCIES, "as-data")["predicted"].tolist() == ["nv"]


def test_what_cannot_be_decided_is_said():
    assert class_priors(["nv", "nv", "mel", "nv"]) == {"mel": 0.25, "nv": 0.75}
    with pytest.raises(DataError, match="^Without images the diagnoses have no frequencies"):
        class_priors([])
    with pytest.raises(DataError, match="^A diagnosis has no training image"):
        decide(_table(), {"mel": 0.3, "nv": 0.7}, "balanced")
    with pytest.raises(DataError, match="^The predictions name df but have no probability for it"):
        decide(_table().assign(truth="df"), FREQUENCIES, "balanced")


def test_figures_follow_their_decisions():
    table = _table()
    found = decision_figures(table, FREQUENCIES, resamples=30)
    as_data, balanced = (summarise(decide(table, FREQUENCIES, name), "nv") for name in DECISIONS)
    overall = found["overall"]
    assert overall["accuracy"].value == pytest.approx(as_data["accuracy"])
    assert overall["balanced_accuracy"].value == pytest.approx(balanced["balanced_accuracy"])
    assert balanced["balanced_accuracy"] != as_data["balanced_accuracy"]
    assert overall["macro_auc"].value == pytest.approx(as_data["macro_auc"])
    assert overall["melanoma_auc"].value == pytest.approx(as_data["per_diagnosis"]["mel"]["auc"])
    assert overall["melanoma_sensitivity"].value == pytest.approx(balanced["per_diagnosis"]["mel"]["sensitivity"])
    assert overall["calibration_error"].value == pytest.approx(figure_of(calibration_error, table))
    for code in CODES:
        row = found["per_diagnosis"][code]
        for name, figures in (("as-data", as_data), ("balanced", balanced)):
            expected = figures["per_diagnosis"][code]
            assert row[name]["sensitivity"].value == pytest.approx(expected["sensitivity"])
            assert row[name]["specificity"].value == pytest.approx(expected["specificity"])
        assert row["images"] == expected["images"] and row["lesions"] == expected["lesions"]
    assert found["melanoma"] == {
        name: melanoma_lesions_called_else(decide(table, FREQUENCIES, name)) for name in DECISIONS
    }


def test_intervals_are_those_of_resamples_drawn_row_by_row():
    table = _table(lesions=20)
    names = table["lesion_id"].unique()
    lesions = [table[table["lesion_id"] == name] for name in names]
    drawn = np.random.default_rng(0).integers(0, len(names), (40, len(names)))
    resampled = [pd.concat([lesions[i] for i in row]) for row in drawn]
    errors = [figure_of(calibration_error, rows) for rows in resampled]
    sensitivities = [
        summarise(decide(rows, FREQUENCIES, "balanced"), "nv")["per_diagnosis"]["mel"]["sensitivity"]
        for rows in resampled
    ]
    overall = decision_figures(table, FREQUENCIES, resamples=40)["overall"]
    assert overall["calibration_error"][1:] == pytest.approx(np.quantile(errors, [0.025, 0.975]))
    assert overall["melanoma_sensitivity"][1:] == pytest.approx(np.nanquantile(sensitivities, [0.025, 0.975]))
    assert overall["accuracy"][1:] == pytest.approx(lesion_bootstrap(table, resamples=40)["accuracy"])


def test_each_source_has_its_figures_and_its_diagnoses():
    table = _table()
    groups = pd.Series(["a"] * 40 + [None] * 10 + ["b"] * 70)
    found = figures_within(table, groups, FREQUENCIES, resamples=10)
    assert list(found) == ["a", "b"] and found["a"]["images"] == 40 and sum(found["b"]["diagnoses"].values()) == 70
    assert found["a"]["overall"]["accuracy"].value == pytest.approx((table["truth"] == table["predicted"])[:40].mean())


def test_without_melanoma_its_figures_are_undefined():
    table = _table()
    found = decision_figures(table[table["truth"] == "nv"], FREQUENCIES, resamples=10)
    assert np.isnan(found["overall"]["melanoma_auc"]).all() and found["melanoma"] == dict.fromkeys(DECISIONS)
    assert np.isnan(found["overall"]["melanoma_sensitivity"]).all()
