"""Coverage of prediction sets over random halvings, and answering only when sure: both worked by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.metrics.set_coverage import FIGURES, OVER_ALL, PER_DIAGNOSIS, set_coverage
from pipeline.metrics.surest import surest_lesions
from pipeline.metrics.wilson import wilson_interval


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    """120 lesions of mel and 480 of nv, of one or two images; mel is much harder."""
    generator = np.random.default_rng(3)
    lesion = np.repeat(np.arange(600), generator.integers(1, 3, 600))
    truth = np.where(np.arange(600) < 120, "mel", "nv")[lesion]
    logit = np.where(truth == "mel", -0.5, -4.0) + generator.normal(0, 1.5, 600)[lesion]
    p = 1 / (1 + np.exp(-logit))
    return pd.DataFrame({
        "image_id": np.arange(len(lesion)).astype(str), "lesion_id": lesion.astype(str), "truth": truth,
        "predicted": np.where(p > 0.5, "mel", "nv"), "p_mel": p, "p_nv": 1 - p,
        "source": np.where(lesion % 2, "one", "other"),
    }, index=np.arange(len(lesion)) + 5)


def test_sets_per_diagnosis_cover_each_and_one_over_all_lets_the_hard_one_go(predictions):
    found = set_coverage(predictions, predictions["source"]).set_index(["sets", "kind", "level"])
    per, over = found.loc[PER_DIAGNOSIS], found.loc[OVER_ALL]
    for level in ("mel", "nv"):
        assert per.loc[("diagnosis", level), "coverage"] == pytest.approx(0.9, abs=0.03)
    assert over.loc[("all", "all"), "coverage"] == pytest.approx(0.9, abs=0.03)
    assert over.loc[("diagnosis", "mel"), "coverage"] < 0.75
    assert per.loc[("diagnosis", "mel"), "lesions"] == 120 and per.loc[("all", "all"), "lesions"] == 600
    assert per.loc[("group", "one"), "lesions"] == per.loc[("group", "other"), "lesions"] == 300
    assert per.loc[("melanoma in group", "one"), "lesions"] == 60
    for figure in FIGURES:
        assert (found[f"{figure}_low"] <= found[figure]).all() and (found[figure] <= found[f"{figure}_high"]).all()
    assert (found["alone"] + found["empty"] <= 1).all() and (found["size"] <= 2).all()


def test_equal_seeds_give_equal_figures_and_others_do_not(predictions):
    assert set_coverage(predictions, splits=3).equals(set_coverage(predictions, splits=3))
    assert not set_coverage(predictions, splits=3).equals(set_coverage(predictions, splits=3, seed=1))


def test_a_diagnosis_with_too_few_lesions_has_no_coverage_and_spoils_no_other(predictions):
    few = predictions[(predictions["truth"] == "nv") | predictions["lesion_id"].isin([str(n) for n in range(17)])]
    found = set_coverage(few).set_index(["sets", "kind", "level"]).loc[PER_DIAGNOSIS]
    assert np.isnan(found.loc[("diagnosis", "mel"), "coverage"])
    assert found.loc[("all", "all"), "coverage"] == found.loc[("diagnosis", "nv"), "coverage"]
    tiny = set_coverage(predictions[predictions["lesion_id"].astype(int) % 100 == 0])
    assert tiny[tiny["sets"] == PER_DIAGNOSIS][list(FIGURES)].isna().all(axis=None)


def test_the_surest_lesions_by_hand():
    predictions = pd.DataFrame({
        "image_id": list("123456"), "lesion_id": list("aabcde"), "truth": ["mel", "mel", "nv", "nv", "mel", "nv"],
        "predicted": ["mel", "nv", "nv", "nv", "nv", "mel"], "p_mel": [0.9, 0.3, 0.01, 0.05, 0.2, 0.75],
        "p_nv": [0.1, 0.7, 0.99, 0.95, 0.8, 0.25],
    })
    found = surest_lesions(predictions, steps=5).set_index("lesions")
    # surest first: b nv right, c nv right, d melanoma called nv, e nv called mel, a mel right at 0.6
    assert found["right"].tolist() == pytest.approx([1, 1, 2 / 3, 1 / 2, 3 / 5])
    assert found["answered"].tolist() == [0, 0, 1, 1, 2] and found["named"].tolist() == [0, 0, 0, 0, 1]
    assert found["left"].tolist() == [0, 0, 0.5, 0.5, 1] and found["confidence"].iloc[-1] == pytest.approx(0.6)
    assert (found.loc[3, "right_low"], found.loc[3, "right_high"]) == wilson_interval(2, 3)
    nevi = predictions[predictions["truth"] == "nv"]
    assert surest_lesions(nevi)["left"].isna().all() and surest_lesions(nevi.iloc[:0]).empty
