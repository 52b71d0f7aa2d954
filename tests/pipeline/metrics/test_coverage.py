"""Do 95 % intervals hold the truth 95 times of 100? Parts are drawn again and again from a world that is known."""

import numpy as np
import pytest

from pipeline.metrics.diagnosis_table import diagnosis_table
from pipeline.metrics.metric_registry import TARGET_METRICS
from pipeline.metrics.operating_point import lesion_scores, operating_point
from pipeline.metrics.subgroups import subgroup_table
from tests.scored_tables import CODES, scored_table

SHARES = (0.1, 0.15, 0.2, 0.55)
LESIONS, RESAMPLES = 600, 1000  # about 120 melanomas, as in the validation part of HAM10000


def _draw(lesions, seed):
    return scored_table(lesions, seed=seed, shares=SHARES)


@pytest.fixture(scope="module")
def world():
    """What holds for the whole world: figures of a part a hundred times as large."""
    table = _draw(60_000, 10**6)
    found = diagnosis_table(table, resamples=2)
    truths = {name: found["overall"][name][0] for name in found["overall"]}
    truths |= {f"mel {figure}": found["targets"]["mel"][figure][0] for figure in TARGET_METRICS}
    point = operating_point(lesion_scores(table, ("mel",)), 0.4, 0.02)
    return truths | {"needed": point.needed[0], "lesion sensitivity": point.sensitivity[0], "difference": 0.0}


def _intervals(seed):
    table = _draw(LESIONS, seed)
    found = diagnosis_table(table, resamples=RESAMPLES, seed=seed)
    point = operating_point(lesion_scores(table, ("mel",)), 0.4, 0.02)
    names = table["lesion_id"].unique()
    side = dict(zip(names, np.random.default_rng(seed).integers(0, 2, len(names)), strict=True))
    groups = table["lesion_id"].map(side)
    group = subgroup_table(table, groups, [0], "accuracy", resamples=RESAMPLES, seed=seed).iloc[0]
    bounds = {name: found["overall"][name][1:] for name in found["overall"]}
    bounds |= {f"mel {figure}": found["targets"]["mel"][figure][1:] for figure in TARGET_METRICS}
    return bounds | {"needed": point.needed[1:], "lesion sensitivity": point.sensitivity[1:],
                     "difference": (group["difference_low"], group["difference_high"])}


def _coverage(world, simulations):
    held = dict.fromkeys(world, 0)
    for seed in range(simulations):
        for name, (low, high) in _intervals(seed).items():
            held[name] += low <= world[name] <= high
    return {name: count / simulations for name, count in held.items()}


def test_coverage_in_a_few_simulations(world):
    assert set(world) == set(_intervals(0)) and len(CODES) == len(SHARES)
    found = _coverage(world, 40)
    assert all(share >= 0.8 for share in found.values()), found
    assert np.mean(list(found.values())) < 0.995  # intervals of everything would cover, too


@pytest.mark.slow
def test_coverage_is_that_of_95_percent(world):
    found = _coverage(world, 500)
    print(found)
    assert all(0.92 <= share <= 0.98 for share in found.values()), found
