"""Which item is next for a seat that goes through a lesson alone: a new one, or one that it missed and sees again.

A missed item comes back after three others, after two where no new one is left; twice at most.
"""

from collections.abc import Sequence
from typing import NamedTuple

_OTHERS, _FEWEST_OTHERS, _MOST_RETURNS = 3, 2, 2


class Turn(NamedTuple):
    """The item at `position` is due; `again`: 0 for the first time, n for its n-th return."""

    position: int
    again: int


def next_turn(done: Sequence[tuple[int, bool]], items: int, returns: bool) -> Turn | None:
    """The next turn of a seat; None where it is through.

    Args:
        done: its turns so far in order: the position, and whether the answer was right.
        items: how many there are; new ones come in their order.
        returns: whether missed items come back.
    """
    times: dict[int, int] = {}
    missed: dict[int, int] = {}  # position: how many turns there were before
    for turn, (position, right) in enumerate(done):
        times[position] = times.get(position, 0) + 1
        missed.pop(position, None)
        if not right and times[position] <= _MOST_RETURNS:
            missed[position] = turn
    new = len(times)
    others = _OTHERS if new < items else _FEWEST_OTHERS
    due = [position for position, turn in missed.items() if len(done) - turn - 1 >= others]
    if returns and due:
        position = min(due, key=missed.__getitem__)
        return Turn(position, times[position])
    return Turn(new, 0) if new < items else None
