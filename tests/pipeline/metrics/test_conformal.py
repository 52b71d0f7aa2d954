"""Prediction sets: ranks worked by hand, what is undefined, and that they cover what they promise."""

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import DataError
from pipeline.metrics.conformal import FEWEST, MISS, HeldOutScores, in_set, p_values


def table(rows) -> pd.DataFrame:
    """Of (lesion_id, truth, p_a) rows; p_b is the rest."""
    found = pd.DataFrame(rows, columns=["lesion_id", "truth", "p_a"])
    return found.assign(image_id=found.index.astype(str), predicted="a", p_b=1 - found["p_a"])


def nine(truth: str = "a") -> list:
    """Lesions of one image whose own diagnosis has 0.1, 0.2, … 0.9."""
    return [(f"{truth}{n}", truth, n / 10 if truth == "a" else 1 - n / 10) for n in range(1, 10)]


def asked(*p_a: float) -> np.ndarray:
    return np.array([[[p, 1 - p] for p in p_a]])


def test_an_image_ranks_among_the_lesions_of_each_diagnosis():
    held_out = HeldOutScores.of(table(nine("a") + nine("b")))
    assert list(held_out.counts()) == [9, 9]
    p = p_values([held_out], asked(0.55, 0.05, 0.95))
    # of a: 1 - 0.55 is at most the oddness of 0.1 … 0.5; of b, whose probability is 0.45, of 0.1 … 0.4
    assert p[:, 0] == pytest.approx([6 / 10, 1 / 10, 10 / 10])
    assert p[:, 1] == pytest.approx([5 / 10, 10 / 10, 1 / 10])
    assert in_set(p).tolist() == [[True, True], [False, True], [True, False]]


def test_a_lesion_weighs_one_however_many_images_it_has():
    rows = nine()[1:] + [("a1", "a", 0.1), ("a1", "a", 0.1), ("a1", "a", 0.8), ("a1", "a", 0.8)]
    held_out = HeldOutScores.of(table(rows))
    assert held_out.counts()[0] == 9
    assert p_values([held_out], asked(0.15))[0, 0] == pytest.approx((0.5 + 1) / 10)


def test_with_too_few_lesions_a_diagnosis_is_undefined_and_in_no_set():
    held_out = HeldOutScores.of(table(nine("a") + nine("b")[1:]))
    p = p_values([held_out], asked(0.5))
    assert FEWEST == 9 and np.isnan(p[0, 1]) and p[0, 0] > MISS
    assert in_set(p).tolist() == [[True, False]]
    assert np.isnan(p_values([held_out.without("a5")], asked(0.5))).all()


def test_over_all_diagnoses_one_rank_counts_the_lesions_of_all():
    held_out = HeldOutScores.of(table(nine("a") + nine("b")))
    p = p_values([held_out], asked(0.55), by_diagnosis=False)
    assert p[0] == pytest.approx([(5 + 5 + 1) / 19, (4 + 4 + 1) / 19])


def test_networks_rank_among_their_own_folds_and_the_ranks_are_pooled():
    rows = table(nine() + [(f"c{n}", "a", n / 20) for n in range(1, 10)]).assign(fold=[0] * 9 + [1] * 9)
    held_out = HeldOutScores.of(rows)
    parts = [held_out.only(held_out.folds == fold) for fold in (0, 1)]
    p = p_values(parts, np.concatenate([asked(0.55), asked(0.22)]))
    assert p[0, 0] == pytest.approx((5 + 4 + 1) / 19)


def test_an_image_of_a_diagnosis_without_a_probability_has_no_score():
    held_out = HeldOutScores.of(table([*nine(), ("c", "c", 0.5)]))
    assert len(held_out.scores) == 9
    with pytest.raises(DataError, match="lesion_id"):
        HeldOutScores.of(table(nine()).drop(columns="lesion_id"))


def _drawn(generator: np.random.Generator, lesions: int, sharpness: float) -> pd.DataFrame:
    """Lesions of one to four images of a (rare) and b; images of a lesion are alike."""
    lesion = np.repeat(np.arange(lesions), generator.integers(1, 5, lesions))
    truth = np.where(generator.random(lesions) < 0.2, "a", "b")[lesion]
    of_lesion = generator.normal(0, 1, lesions)[lesion] + generator.normal(0, 0.5, len(lesion))
    p_a = 1 / (1 + np.exp(-(np.where(truth == "a", 1, -1) * sharpness + of_lesion - 1)))
    return table(list(zip(lesion.astype(str), truth, p_a, strict=True)))


def test_of_each_diagnosis_nine_of_ten_new_lesions_are_in_their_own_set():
    generator, covered, over_all = np.random.default_rng(7), [], []
    for _ in range(40):
        held_out = HeldOutScores.of(_drawn(generator, 300, 0.7))
        new = _drawn(generator, 400, 0.7).drop_duplicates("lesion_id")
        probabilities, own = new[["p_a", "p_b"]].to_numpy()[None], (new["truth"] == "b").astype(int).to_numpy()
        for found, by_diagnosis in ((covered, True), (over_all, False)):
            inside = in_set(p_values([held_out], probabilities, by_diagnosis))[np.arange(len(own)), own]
            found.append([inside[own == 0].mean(), inside[own == 1].mean(), inside.mean()])
    rare, frequent, both = np.mean(covered, axis=0)
    assert 0.895 < rare < 0.93 and 0.895 < frequent < 0.92
    rare, _, both = np.mean(over_all, axis=0)
    assert 0.895 < both < 0.92 and rare < 0.8
