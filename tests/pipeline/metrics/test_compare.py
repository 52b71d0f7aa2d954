"""Runs compared on what they share, with figures worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import DataError, RunError
from pipeline.metrics.compare import compare, prediction_column, probability_column
from pipeline.metrics.part_figures import summarise
from pipeline.metrics.wilson import wilson_interval

# image, lesion, truth
IMAGES = [("i1", "l1", "mel"), ("i2", "l1", "mel"), ("i3", "l2", "nv"), ("i4", "l3", "nv"), ("i5", "l4", "bkl")]
CODES = ("bkl", "mel", "nv")


def table(answers: dict[str, str], images=IMAGES, sure: float = 0.8) -> pd.DataFrame:
    """Predictions of the images that `answers` names, each with probability `sure` for its answer."""
    rows = []
    for image, lesion, truth in images:
        if image in answers:
            shares = {f"p_{code}": sure if code == answers[image] else (1 - sure) / 2 for code in CODES}
            rows.append({"image_id": image, "lesion_id": lesion, "truth": truth, "predicted": answers[image],
                         **shares, "loss": 1.0})
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "truth", "predicted", *(f"p_{c}" for c in CODES),
                                       "loss"])


ONE = table({"i1": "mel", "i2": "nv", "i3": "nv", "i4": "nv"})
OTHER = table({"i1": "mel", "i2": "mel", "i3": "mel", "i4": "mel", "i5": "bkl"}, sure=0.6)


def test_counts_and_figures_on_what_is_shared():
    found = compare({"a": ONE, "b": OTHER})
    assert (found.runs, found.images, found.lesions, found.contradicted) == (("a", "b"), 4, 3, 0)
    assert found.counts[["run", "images", "lesions"]].to_numpy().tolist() == [["a", 4, 3], ["b", 5, 4]]
    figures = found.figures.set_index("run")
    assert list(figures["accuracy"]) == [0.75, 0.5]
    assert list(figures["balanced_accuracy"]) == [0.75, 0.5]
    sensitivity = found.sensitivity.set_index("dx")
    assert sensitivity.loc["mel"].tolist() == [2, 1, 0.5, 1.0] and sensitivity.loc["nv"].tolist() == [2, 2, 1.0, 0.0]


def test_a_lesion_counts_once_by_its_mean_probability():
    unsure = ONE.copy()
    # l1: mel 0.8 and 0.35, so its mean says mel although one of its images is called nv
    unsure.loc[1, ["p_mel", "p_nv", "p_bkl"]] = [0.35, 0.55, 0.10]
    figures = compare({"a": unsure, "b": OTHER}).figures.set_index("run")
    assert figures.loc["a", "lesion_accuracy"] == 1.0
    assert figures.loc["b", "lesion_accuracy"] == pytest.approx(1 / 3)
    assert (figures.loc["b", "low"], figures.loc["b", "high"]) == pytest.approx(wilson_interval(1, 3))


def test_disagreements_are_the_images_with_different_answers():
    found = compare({"a": ONE, "b": OTHER}).disagreements
    assert list(found["image_id"]) == ["i2", "i3", "i4"] and list(found["right"]) == [1, 1, 1]
    assert list(found[prediction_column("b")]) == ["mel", "mel", "mel"]
    assert found[probability_column("a")].tolist() == pytest.approx([0.8] * 3)


def test_three_runs_share_only_what_all_have():
    found = compare({"a": ONE, "b": OTHER, "c": table({"i3": "bkl", "i5": "bkl"})})
    assert found.images == 1 and found.disagreements["image_id"].tolist() == ["i3"]
    assert found.disagreements["right"].tolist() == [1]


def test_nothing_shared_has_no_figures():
    found = compare({"a": ONE, "b": table({"i5": "bkl"})})
    assert (found.images, found.lesions) == (0, 0)
    assert found.figures.drop(columns="run").isna().all(axis=None)
    assert found.sensitivity.empty and found.disagreements.empty
    assert list(found.sensitivity.columns) == ["dx", "images", "lesions", "a", "b"]


def test_an_empty_part_shares_nothing():
    assert compare({"a": ONE, "b": ONE.iloc[:0]}).images == 0


def test_an_image_with_another_truth_or_lesion_is_left_out_and_counted():
    changed = OTHER.copy()
    changed.loc[0, "truth"] = "nv"
    changed.loc[2, "lesion_id"] = "l9"
    found = compare({"a": ONE, "b": changed})
    assert (found.images, found.contradicted) == (2, 2)


def test_shared_images_whose_lesion_was_trained_on():
    counts = compare({"a": ONE, "b": OTHER}, {"a": {"l1", "l9"}}).counts["trained_lesion_images"]
    assert counts[0] == 2 and math.isnan(counts[1])


def test_on_all_images_it_agrees_with_the_stored_figures():
    rng = np.random.default_rng(0)
    images = [(f"i{n}", f"l{n // 2}", CODES[n // 2 % 3]) for n in range(60)]
    one, other = (table({i: CODES[rng.integers(3)] for i, _, _ in images}, images) for _ in range(2))
    figures = compare({"a": one, "b": other}).figures.set_index("run")
    for run, rows in (("a", one), ("b", other)):
        expected = summarise(rows, "nv")
        assert figures.loc[run, "accuracy"] == pytest.approx(expected["accuracy"])
        assert figures.loc[run, "balanced_accuracy"] == pytest.approx(expected["balanced_accuracy"])


def test_runs_with_other_diagnoses_compare_on_the_shared_images():
    fewer = table({"i3": "nv", "i4": "mel"}).drop(columns="p_bkl")
    found = compare({"a": ONE, "b": fewer})
    assert list(found.figures["accuracy"]) == [1.0, 0.5]


def test_what_cannot_be_compared():
    with pytest.raises(RunError, match="needs two runs"):
        compare({"a": ONE})
    with pytest.raises(DataError, match="run b name the image i1 twice"):
        compare({"a": ONE, "b": pd.concat([ONE, ONE.iloc[:1]])})
    with pytest.raises(DataError, match="lack the column truth"):
        compare({"a": ONE, "b": ONE.drop(columns="truth")})
