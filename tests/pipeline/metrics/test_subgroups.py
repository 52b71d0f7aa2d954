"""Figures within groups: sizes, differences to the rest, and what is too small or lacks a diagnosis."""

import math

import numpy as np
import pandas as pd
import pytest

from pipeline.metrics.subgroups import CONFIDENCE_BANDS, confidence_bands, subgroup_table
from pipeline.metrics.wilson import difference_interval, wilson_interval
from tests.scored_tables import scored_table, table_of


def _sides(table, share=0.4, seed=0):
    """A group a lesion, drawn at random."""
    names = table["lesion_id"].unique()
    chosen = np.random.default_rng(seed).random(len(names)) < share
    return table["lesion_id"].map(dict(zip(names, np.where(chosen, "one", "two"), strict=True)))


def _resampled(table, groups, figure, seed=0, resamples=50):
    names = table["lesion_id"].unique()
    for row in np.random.default_rng(seed).integers(0, len(names), (resamples, len(names))):
        rows = pd.concat([table[table["lesion_id"] == names[i]].assign(g=groups) for i in row])
        yield figure(rows[rows["g"] == "one"]), figure(rows[rows["g"] != "one"])


FIGURES = {
    "accuracy": lambda rows: (rows["truth"] == rows["predicted"]).mean(),
    "balanced_accuracy": lambda rows: (rows["truth"] == rows["predicted"]).groupby(rows["truth"]).mean().mean(),
    "sensitivity": lambda rows: (rows["predicted"] == "mel")[rows["truth"] == "mel"].mean(),
    "specificity": lambda rows: (rows["predicted"] != "mel")[rows["truth"] != "mel"].mean(),
}


@pytest.mark.parametrize("figure", FIGURES)
def test_values_and_intervals_are_those_of_resamples_drawn_row_by_row(figure):
    table = scored_table(40, seed=7)
    groups = _sides(table)
    found = subgroup_table(table, groups, ["one", "two"], figure, ("mel",), resamples=50).iloc[0]
    inside = table[groups == "one"]
    assert (found["images"], found["lesions"]) == (len(inside), inside["lesion_id"].nunique())
    assert found["value"] == pytest.approx(FIGURES[figure](inside))
    assert found["difference"] == pytest.approx(found["value"] - FIGURES[figure](table[groups != "one"]))
    pairs = np.array(list(_resampled(table, groups, FIGURES[figure])))
    assert (found["low"], found["high"]) == pytest.approx(np.nanquantile(pairs[:, 0], [0.025, 0.975]))
    expected = np.nanquantile(pairs[:, 0] - pairs[:, 1], [0.025, 0.975])
    assert (found["difference_low"], found["difference_high"]) == pytest.approx(expected)


def test_a_real_difference_is_supported_and_none_is_not():
    good, bad = scored_table(150, seed=1, skill=4), scored_table(150, seed=2, skill=0)
    bad = bad.assign(lesion_id="b" + bad["lesion_id"], image_id="b" + bad["image_id"])
    table = pd.concat([good, bad], ignore_index=True)
    groups = pd.Series(np.where(table["lesion_id"].str.startswith("b"), "bad", "good"))
    found = subgroup_table(table, groups, ["good", "bad"], "accuracy").set_index("level")
    assert found["supported"].all() and not found["few"].any()
    assert found.at["good", "difference"] == pytest.approx(-found.at["bad", "difference"])
    alike = scored_table(150, seed=3)
    assert not subgroup_table(alike, _sides(alike, seed=5), ["one", "two"], "accuracy")["supported"].any()


def test_the_lesions_that_count_are_those_behind_the_figure():
    table = scored_table(120, seed=4)
    found = subgroup_table(table, _sides(table, share=0.5), ["one"], "sensitivity", ("mel",)).iloc[0]
    inside = table[(_sides(table, share=0.5) == "one") & (table["truth"] == "mel")]
    assert found["of_lesions"] == inside["lesion_id"].nunique() < 30 < found["lesions"]
    assert found["few"] and found["of_images"] == len(inside)


def test_a_group_without_a_miss_has_wilson_s_interval():
    answers = np.eye(4)[[2] * 6 + [2, 3] * 10 + [3] * 4]
    table = table_of(answers, ["mel"] * 26 + ["nv"] * 4, [0, 0, 1, 1, 2, 2, *range(3, 27)])
    groups = pd.Series(["one"] * 6 + ["two"] * 20 + ["one"] * 4)  # the nevi do not count for a sensitivity of melanoma
    found = subgroup_table(table, groups, ["one", "two"], "sensitivity", ("mel",)).iloc[0]
    assert (found["value"], found["low"], found["high"]) == pytest.approx((1.0, *wilson_interval(3, 3)))
    two = subgroup_table(table, groups, ["one", "two"], "sensitivity", ("mel",)).iloc[1]
    expected = difference_interval(1.0, wilson_interval(3, 3), two["value"], (two["low"], two["high"]))
    assert (found["difference_low"], found["difference_high"]) == pytest.approx(expected)
    assert not found["supported"]  # the bootstrap alone would have said so of three lesions


def test_balanced_accuracy_is_undefined_where_a_diagnosis_is_absent():
    table = scored_table(60, seed=8)
    groups = pd.Series(np.where(table["truth"] == "mel", "one", "two"))
    found = subgroup_table(table, groups, ["one", "two"], "balanced_accuracy")
    assert found["value"].isna().all() and not found["supported"].any()
    assert found["lacking"].tolist() == [["akiec", "bcc", "nv"], ["mel"]]
    assert subgroup_table(table, groups, ["two"], "sensitivity", ("mel",))["value"].isna().all()


def test_one_group_of_all_has_nothing_to_compare_with():
    table = scored_table(40, seed=9)
    found = subgroup_table(table, pd.Series("all", table.index), ["all"], "accuracy").iloc[0]
    assert found["low"] < found["value"] < found["high"]
    assert math.isnan(found["difference"]) and not found["supported"]


def test_confidence_bands_follow_the_highest_probability():
    shares = np.array([[0.4, 0.3, 0.2, 0.1], [0.5, 0.5, 0, 0], [0.7, 0.3, 0, 0], [0.05, 0.95, 0, 0]])
    assert confidence_bands(table_of(shares, ["mel"] * 4, range(4))).tolist() == list(CONFIDENCE_BANDS)
