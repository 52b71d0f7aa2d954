"""Intervals of a bootstrap over lesions, against resamples that are put together row by row."""

import math
import time

import numpy as np
import pandas as pd
import pytest

from pipeline.metrics.part_figures import BOUNDED, lesion_bootstrap, summarise


def _predictions(lesions: int, images_each: int, seed: int = 0, codes=("bcc", "mel", "nv")) -> pd.DataFrame:
    """Lesions of `images_each` images, mostly the last diagnosis, with probabilities in coarse steps that tie."""
    rng = np.random.default_rng(seed)
    share = np.array([0.1] * (len(codes) - 1) + [1 - 0.1 * (len(codes) - 1)])
    truth = np.repeat(rng.choice(len(codes), lesions, p=share), images_each)
    scores = rng.integers(1, 6, (len(truth), len(codes))).astype(float)
    scores[np.arange(len(truth)), truth] += rng.integers(0, 5, len(truth))
    shares = scores / scores.sum(axis=1, keepdims=True)
    names = np.array(codes)
    return pd.DataFrame({
        "image_id": [f"i{n}" for n in range(len(truth))],
        "lesion_id": [f"L{n // images_each}" for n in range(len(truth))],
        "truth": names[truth], "predicted": names[shares.argmax(axis=1)],
        **{f"p_{code}": shares[:, i] for i, code in enumerate(codes)},
    })


def test_the_bounds_are_those_of_resamples_drawn_row_by_row():
    table = _predictions(12, 2, seed=1)
    assert table["truth"].value_counts().min() == 2  # one lesion: some resamples lack the diagnosis
    drawn = np.random.default_rng(3).integers(0, 12, (40, 12))
    lesions = [table[table["lesion_id"] == name] for name in table["lesion_id"].unique()]
    resampled = [summarise(pd.concat([lesions[i] for i in row]), "nv") for row in drawn]
    assert any(len([1 for f in figures["per_diagnosis"].values() if f["images"]]) < 3 for figures in resampled)
    found = lesion_bootstrap(table, resamples=40, seed=3, confidence=0.9)
    assert tuple(found) == BOUNDED
    for name in BOUNDED:
        assert found[name] == pytest.approx(np.nanquantile([figures[name] for figures in resampled], [0.05, 0.95]))


def test_equal_seeds_give_equal_intervals_that_hold_the_figure():
    table = _predictions(200, 1)
    found = lesion_bootstrap(table)
    figures = summarise(table, "nv")
    assert found == lesion_bootstrap(table) != lesion_bootstrap(table, seed=1)
    assert all(found[name][0] < figures[name] < found[name][1] for name in BOUNDED)


def test_more_images_of_the_same_lesions_do_not_narrow_the_interval():
    once = _predictions(60, 1)
    low, high = lesion_bootstrap(once)["accuracy"]
    assert lesion_bootstrap(pd.concat([once] * 10))["accuracy"] == pytest.approx((low, high))
    apart = pd.concat([once.assign(lesion_id=once["lesion_id"] + str(n)) for n in range(10)])
    narrow = lesion_bootstrap(apart)["accuracy"]
    assert narrow[1] - narrow[0] < (high - low) / 2


@pytest.mark.parametrize("lesions", [0, 1])
def test_fewer_than_two_lesions_have_no_interval(lesions):
    found = lesion_bootstrap(_predictions(lesions, 3))
    assert all(math.isnan(bound) for bounds in found.values() for bound in bounds)


def test_what_is_undefined_in_every_resample_is_nan():
    table = _predictions(20, 1)
    found = lesion_bootstrap(table[table["truth"] == "nv"])
    assert all(math.isnan(bound) for bound in found["macro_auc"]) and found["accuracy"][0] > 0


def test_ham10000_s_size_takes_seconds_at_most():
    table = _predictions(1500, 1, codes=("akiec", "bcc", "bkl", "df", "mel", "vasc", "nv"))
    start = time.process_time()
    lesion_bootstrap(table)
    assert time.process_time() - start < 5
