"""A few random kills; `make kills` does a hundred."""

import pytest

from tests.kills.shooting import shoot
from tests.kills.tally import ROWS, Tally


def test_the_last_row_of_the_table_is_that_of_all():
    first = Tally(kills=3, lost=1, false=2, steps=1, ends=2, equal=1, stops=1, slowest=4.25, wrong=["a sentence"])
    both = Tally.of_all([first, Tally(kills=4, ends=1, equal=1, slowest=0.5)])
    assert [both.shown(column) for column in ROWS] == ["7", "1", "2", "1", "2 of 3", "1", "4.2"] and both.wrong == []


@pytest.mark.slow
def test_a_few_kills_lose_nothing(tmp_path):
    tallies = shoot(tmp_path, seed=3, kills=4)
    assert tallies["all"].kills == sum(tally.kills for name, tally in tallies.items() if name != "all") >= 4
    assert {name: tally.wrong for name, tally in tallies.items() if tally.wrong} == {}
