"""Every figure of each target with its interval, against resamples that are put together row by row."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from pipeline.metrics.diagnosis_table import diagnosis_table
from pipeline.metrics.lesion_answers import lesion_means
from pipeline.metrics.metric_functions import top_accuracy
from pipeline.metrics.metric_registry import TARGET_METRICS
from pipeline.metrics.part_figures import lesion_bootstrap, summarise
from pipeline.metrics.sampled import Sampled, target_label, targets
from pipeline.metrics.samples import EachOnce
from pipeline.metrics.wilson import wilson_interval
from tests.scored_tables import CODES, scored_table, table_of


def _by_hand(table, codes):
    """The figures of one target, written out."""
    positive, flagged = table["truth"].isin(codes), table["predicted"].isin(codes)
    score = table[[f"p_{code}" for code in codes]].sum(axis=1)
    both = positive.any() and not positive.all()
    return {
        "sensitivity": flagged[positive].mean(), "specificity": (~flagged)[~positive].mean(),
        "ppv": positive[flagged].mean(), "npv": (~positive)[~flagged].mean(),
        "f1": f1_score(positive, flagged, zero_division=np.nan),
        "auc": roc_auc_score(positive, score) if both else math.nan,
    }


def test_targets_are_the_diagnoses_and_the_groups_that_differ():
    named = targets(list(CODES))
    assert named["malignant"] == ("bcc", "mel") and named["malignant-or-precursor"] == ("akiec", "bcc", "mel")
    assert list(targets(["mel", "nv"])) == ["mel", "nv"]
    assert list(targets(["bcc", "mel", "own"])) == ["bcc", "mel", "own", "malignant"]
    assert target_label("malignant", ("bcc", "mel")) == "Malignant (bcc, mel)"
    assert target_label("mel", ("mel",)) == "Melanoma · mel"
    assert target_label("malignant", ("malignant",)) == "Malignant lesion · malignant"


def test_the_figures_and_their_bounds_are_those_of_resamples_drawn_row_by_row():
    table = scored_table(14, seed=1)
    found = diagnosis_table(table, resamples=60, seed=4)
    names = table["lesion_id"].unique()
    drawn = np.random.default_rng(4).integers(0, len(names), (60, len(names)))
    lesions = [table[table["lesion_id"] == name] for name in names]
    resampled = [pd.concat([lesions[i] for i in row]) for row in drawn]
    for target, codes in targets(list(CODES)).items():
        by_hand, in_each = _by_hand(table, codes), pd.DataFrame([_by_hand(rows, codes) for rows in resampled])
        for figure in TARGET_METRICS:
            value, low, high = found["targets"][target][figure]
            assert value == pytest.approx(by_hand[figure], nan_ok=True), (target, figure)
            defined = in_each[figure].dropna()
            if len(defined) and not math.isnan(value) and defined.nunique() > 1:
                assert (low, high) == pytest.approx(np.quantile(defined, [0.025, 0.975])), (target, figure)


def test_overall_figures_and_counts():
    table = scored_table(200, seed=2)
    found, summary = diagnosis_table(table), summarise(table, "nv")
    for figure, (low, high) in lesion_bootstrap(table).items():
        assert found["overall"][figure] == pytest.approx((summary[figure], low, high))
    value, low, high = found["overall"]["top2_accuracy"]
    assert value == pytest.approx(top_accuracy(Sampled(table, EachOnce()), 2)[0]) and low < value < high
    by_lesion = table.groupby("lesion_id")
    right = by_lesion[[f"p_{code}" for code in CODES]].mean().idxmax(axis=1) == "p_" + by_lesion["truth"].first()
    assert found["lesion_accuracy"] == pytest.approx((right.mean(), *wilson_interval(int(right.sum()), len(right))))
    mel, means = found["targets"]["mel"], lesion_means(table)
    assert (mel["images"], mel["lesions"]) == ((table["truth"] == "mel").sum(), (means["truth"] == "mel").sum())
    assert mel["prevalence"] == pytest.approx((table["truth"] == "mel").mean())
    count = int((means.loc[means["truth"] == "mel", "predicted"] == "mel").sum())
    assert mel["recognised"] == pytest.approx((count, *wilson_interval(count, mel["lesions"])))


def test_a_share_without_misses_has_wilson_s_interval_and_an_area_none():
    truth = np.repeat(["mel", "nv"], [10, 14])
    table = table_of(np.eye(4)[[2] * 10 + [3] * 14], truth, np.arange(24) // 2)
    found = diagnosis_table(table)["targets"]["mel"]
    assert found["sensitivity"] == pytest.approx((1.0, *wilson_interval(5, 5)))  # five lesions, not ten images
    assert found["ppv"] == found["sensitivity"]
    assert found["specificity"] == found["npv"] == pytest.approx((1.0, *wilson_interval(7, 7)))
    assert found["auc"][0] == 1.0 and math.isnan(found["auc"][1]) and math.isnan(found["f1"][2])


@pytest.mark.parametrize("lesions", [0, 1])
def test_what_is_undefined_is_nan_never_one(lesions):
    table = scored_table(3, seed=1)
    table = table[table["lesion_id"].isin([f"L{n}" for n in range(lesions)])]
    found = diagnosis_table(table)
    absent = next(code for code in CODES if code not in set(table["truth"]))
    assert found["targets"][absent]["images"] == 0
    assert all(math.isnan(x) for x in found["targets"][absent]["sensitivity"])
    assert math.isnan(found["overall"]["balanced_accuracy"][1])
    if not lesions:
        assert all(math.isnan(x) for x in found["overall"]["accuracy"])


def test_lesion_means_count_each_lesion_once():
    shares = np.array([[1.0, 0, 0, 0], [0, 0.4, 0.6, 0], [0, 0, 0, 1]])
    means = lesion_means(table_of(shares, ["mel", "mel", "nv"], [7, 7, 3]))
    assert means["lesion_id"].tolist() == ["L7", "L3"] and means["images"].tolist() == [2, 1]
    assert means.loc[0, ["p_akiec", "p_bcc", "p_mel"]].tolist() == pytest.approx([0.5, 0.2, 0.3])
    assert means["predicted"].tolist() == ["akiec", "nv"] and means["truth"].tolist() == ["mel", "nv"]
