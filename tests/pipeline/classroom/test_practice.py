"""Missed items come back after two to four others, and a lesson has an end."""

import random
from collections import Counter

import pytest

from pipeline.classroom.practice import Turn, next_turn


def _played(items: int, right, returns: bool = True) -> list[Turn]:
    """The turns of a seat that answers right as `right` says."""
    turns, done = [], []
    while (turn := next_turn(done, items, returns)) is not None:
        turns.append(turn)
        done.append((turn.position, right(turn)))
        assert len(done) <= 3 * items
    return turns


def test_who_misses_nothing_sees_each_item_once():
    assert _played(12, lambda turn: True) == [Turn(position, 0) for position in range(12)]
    assert _played(12, lambda turn: False, returns=False) == [Turn(position, 0) for position in range(12)]


def test_a_missed_item_comes_back_after_three_others_until_it_is_right():
    found = _played(8, lambda turn: turn.position != 1 or turn.again == 2)
    assert [turn.position for turn in found] == [0, 1, 2, 3, 4, 1, 5, 6, 7, 1]
    assert [turn.again for turn in found if turn.position == 1] == [0, 1, 2]


@pytest.mark.parametrize("seed", range(20))
def test_returns_lie_two_to_four_others_apart_and_end(seed):
    rng = random.Random(seed)
    found = _played(12, lambda turn: rng.random() < seed / 20)
    seen = Counter(turn.position for turn in found)
    assert sorted(seen) == list(range(12)) and max(seen.values()) <= 3
    last: dict[int, int] = {}
    for place, turn in enumerate(found):
        assert turn.again == 0 or 2 <= place - last[turn.position] - 1 <= 4
        last[turn.position] = place
    assert [turn.position for turn in found if not turn.again] == list(range(12))
