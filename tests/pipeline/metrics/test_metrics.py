"""Figures of a part against values worked out by hand."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import DataError
from pipeline.metrics.part_figures import summarise
from pipeline.metrics.predictions_table import classes_of, probabilities_of

COLUMNS = ["image_id", "lesion_id", "truth", "predicted", "p_nv", "p_bcc", "p_mel"]


@pytest.fixture
def predictions():
    """Five images of four lesions; bcc is a class but no image has it."""
    return pd.DataFrame(
        [
            ("i1", "L1", "nv", "nv", 0.7, 0.1, 0.2),
            ("i2", "L1", "nv", "mel", 0.4, 0.1, 0.5),
            ("i3", "L2", "nv", "nv", 0.9, 0.0, 0.1),
            ("i4", "L3", "mel", "mel", 0.2, 0.0, 0.8),
            ("i5", "L4", "mel", "nv", 0.6, 0.2, 0.2),
        ],
        columns=COLUMNS,
    )


def test_classes_are_alphabetical_whatever_the_order_of_the_columns(predictions):
    assert classes_of(predictions) == ["bcc", "mel", "nv"]


def test_probabilities_follow_the_order_of_the_classes(predictions):
    assert probabilities_of(predictions, ["bcc", "mel", "nv"])[0] == pytest.approx([0.1, 0.2, 0.7])


def test_counts_and_shares(predictions):
    figures = summarise(predictions, "nv")
    assert (figures["images"], figures["lesions"]) == (5, 4)
    assert figures["accuracy"] == pytest.approx(3 / 5)
    assert figures["majority_accuracy"] == pytest.approx(3 / 5)


def test_balanced_accuracy_is_the_mean_over_the_diagnoses_that_the_part_has(predictions):
    assert summarise(predictions, "nv")["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_the_majority_is_that_of_the_training_part_not_of_this_one(predictions):
    assert summarise(predictions, "mel")["majority_accuracy"] == pytest.approx(2 / 5)
    assert summarise(predictions, "bcc")["majority_accuracy"] == 0.0


def test_each_diagnosis_against_the_rest(predictions):
    figures = summarise(predictions, "nv")["per_diagnosis"]
    assert list(figures) == ["bcc", "mel", "nv"]
    # nv: positives .7 .4 .9 against .2 .6: five of six pairs in order
    assert figures["nv"] == pytest.approx(
        {"images": 3, "lesions": 2, "sensitivity": 2 / 3, "specificity": 1 / 2, "auc": 5 / 6}
    )
    # mel: positives .8 .2 against .2 .5 .1: four in order and one tie, which counts half
    assert figures["mel"] == pytest.approx(
        {"images": 2, "lesions": 2, "sensitivity": 1 / 2, "specificity": 2 / 3, "auc": 4.5 / 6}
    )


def test_a_diagnosis_without_images_has_no_sensitivity_and_no_auc(predictions):
    figures = summarise(predictions, "nv")["per_diagnosis"]["bcc"]
    assert (figures["images"], figures["lesions"]) == (0, 0)
    assert math.isnan(figures["sensitivity"]) and math.isnan(figures["auc"])
    assert figures["specificity"] == 1.0


def test_macro_auc_is_the_mean_of_the_defined_ones(predictions):
    assert summarise(predictions, "nv")["macro_auc"] == pytest.approx((5 / 6 + 4.5 / 6) / 2)


def test_one_diagnosis_alone_leaves_specificity_and_auc_undefined(predictions):
    figures = summarise(predictions[predictions["truth"] == "nv"], "nv")
    assert math.isnan(figures["macro_auc"])
    assert math.isnan(figures["per_diagnosis"]["nv"]["specificity"])
    assert figures["accuracy"] == figures["balanced_accuracy"] == pytest.approx(2 / 3)


def test_an_empty_part_is_undefined_not_zero(predictions):
    figures = summarise(predictions.head(0), "nv")
    assert (figures["images"], figures["lesions"]) == (0, 0)
    for key in ("accuracy", "balanced_accuracy", "macro_auc", "majority_accuracy"):
        assert math.isnan(figures[key])
    assert figures["per_diagnosis"]["mel"]["images"] == 0
    assert math.isnan(figures["per_diagnosis"]["mel"]["specificity"])


def test_a_filtered_table_is_read_by_position(predictions):
    predictions.index = [10, 20, 30, 40, 50]
    assert summarise(predictions, "nv")["per_diagnosis"]["mel"]["lesions"] == 2


def test_missing_columns_are_named(predictions):
    with pytest.raises(DataError, match=r"^The predictions lack the columns lesion_id, predicted\.$"):
        classes_of(predictions.drop(columns=["predicted", "lesion_id"]))
    with pytest.raises(DataError, match=r"^The predictions have no column p_<diagnosis> with probabilities\.$"):
        classes_of(predictions[["image_id", "lesion_id", "truth", "predicted"]])


def test_a_truth_without_a_probability_column_is_named(predictions):
    predictions.loc[0, "truth"] = "vasc"
    with pytest.raises(DataError, match=r"^The predictions name vasc but have no probability for it\.$"):
        summarise(predictions, "nv")


def test_one_module_spells_the_names_of_the_probability_columns():
    root = Path(__file__).resolve().parents[3]
    spelt = [
        str(path.relative_to(root)) for folder in ("app", "pipeline") for path in (root / folder).rglob("*.py")
        if path.name != "predictions_table.py" and re.search(r"""["']p_""", path.read_text(encoding="utf-8"))
    ]
    assert not spelt
