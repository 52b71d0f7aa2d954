"""Do a class's 95 % intervals hold the truth 95 times of 100? Classes are drawn from a world that is known."""

import numpy as np
import pandas as pd
import pytest

from pipeline.classroom.class_figures import class_figures
from pipeline.classroom.signal_detection import RATINGS, Counts, criterion, d_prime, rating, rating_auc
from pipeline.metrics.wilson import wilson_interval
from tests.answer_tables import World

WORLD = World()
FIGURES = ("right", "sensitivity", "specificity", "d_prime", "criterion", "auc")


def _coverage(seats: int, items: int, classes: int, resamples: int) -> dict[str, float]:
    """The share of the intervals that hold what is so, of each figure; and of those that Wilson's formula would give
    if all answers were independent ("wilson").
    """
    truth, held = WORLD.figures(), dict.fromkeys((*FIGURES, "wilson"), 0)
    for seed in range(classes):
        found = class_figures(WORLD.drawn(seats, items, seed), "alone", seed, resamples)
        for name in FIGURES:
            one = found.right if name == "right" else getattr(found.dichotomy, name)
            held[name] += one.low <= truth[name] <= one.high
        low, high = wilson_interval(found.right.value * found.right.n, found.right.n)
        held["wilson"] += low <= truth["right"] <= high
    return {name: count / classes for name, count in held.items()}


def test_the_world_is_what_its_formulas_say():
    drawn = pd.concat([WORLD.drawn(15, 20, seed) for seed in range(400)])  # 6,000 students and 8,000 items
    malignant, flagged = drawn["asked"] == "malignant", drawn["answer"] == "malignant"
    steps = np.array([rating(said, sure) for said, sure in zip(flagged, drawn["sure"], strict=True)])
    of_each = [np.bincount(steps[kind], minlength=RATINGS + 1)[None, 1:] for kind in (malignant, ~malignant)]
    cells = (flagged & malignant, malignant, flagged & ~malignant, ~malignant)
    counts = Counts(*(np.array([of.sum()]) for of in cells))
    found = {"sensitivity": flagged[malignant].mean(), "specificity": 1 - flagged[~malignant].mean(),
             "right": (malignant == flagged).mean(), "d_prime": d_prime(counts)[0], "criterion": criterion(counts)[0],
             "auc": rating_auc(*of_each)[0]}
    assert found == pytest.approx(WORLD.figures(), abs=0.03)


def test_coverage_in_a_few_classes():
    found = _coverage(30, 12, classes=60, resamples=300)
    assert all(found[name] >= 0.85 for name in FIGURES), found
    assert np.mean([found[name] for name in FIGURES]) < 0.999  # intervals of everything would cover, too
    assert found["wilson"] < 0.85, "answers counted as independent would do"


@pytest.mark.slow
@pytest.mark.parametrize(("seats", "items"), [(30, 12), (60, 30), (12, 12)])
def test_coverage_is_about_that_of_95_percent(seats, items):
    found = _coverage(seats, items, classes=500, resamples=1000)
    print(seats, items, found)
    assert all(0.92 <= found[name] <= 0.99 for name in FIGURES), found


def test_students_of_known_ability_are_ordered_rightly():
    abilities = (0.0, 0.8, 1.6, 2.4, 3.2)
    figures = [class_figures(World(ability, 0.2, 0.1, 0.3).drawn(12, 60, 5), "alone", 1, resamples=50)
               for ability in abilities]
    for values in (
        [one.dichotomy.d_prime.value for one in figures], [one.dichotomy.auc.value for one in figures],
        [one.right.value for one in figures],
    ):
        assert values == sorted(values) and values[-1] - values[0] > 0.3
    alone = World(1.6, 0.0, 0.0, 0.0)
    hesitant, eager = alone.drawn(1, 400, 5), alone.drawn(1, 400, 5)
    hesitant.loc[hesitant["sure"] == "guessing", "answer"] = "benign"
    eager.loc[eager["sure"] == "guessing", "answer"] = "malignant"
    assert class_figures(hesitant, "alone", 1, 2).dichotomy.criterion.value > 0.1 \
        > -0.1 > class_figures(eager, "alone", 1, 2).dichotomy.criterion.value
