"""A few random kills; `make kills` does a hundred."""

import pytest

from tests.kills.shooting import shoot


@pytest.mark.slow
def test_a_few_kills_lose_nothing(tmp_path):
    tallies = shoot(tmp_path, seed=3, kills=4)
    assert sum(tally.kills for tally in tallies.values()) >= 4
    assert {name: tally.wrong for name, tally in tallies.items() if tally.wrong} == {}
