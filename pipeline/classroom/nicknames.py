"""Drawn nicknames: a noun and a number, which say nothing of a person. Pages say the noun in words."""

import random
from collections.abc import Iterable
from typing import NamedTuple

NOUNS = (
    "acorn", "anchor", "apple", "badger", "beaver", "birch", "bridge", "candle", "cedar", "cherry", "cloud", "comet",
    "compass", "dolphin", "drum", "falcon", "feather", "fern", "finch", "flute", "fox", "harbour", "hedgehog", "heron",
    "island", "kite", "ladder", "lantern", "lemon", "lynx", "maple", "meadow", "moon", "otter", "owl", "pebble",
    "river", "robin", "sail", "squirrel", "swallow", "walnut", "whale", "willow",
)
NUMBERS = range(2, 100)


class Nickname(NamedTuple):
    """A noun's key, one of NOUNS, and a number, one of NUMBERS."""

    noun: str
    number: int

    def __str__(self) -> str:
        return f"{self.noun}-{self.number}"


def draw_nickname(taken: Iterable[tuple[str, int]], rng: random.Random) -> Nickname:
    """A nickname that nobody has, with a noun that as few as possible have.

    Raises:
        ValueError: all are taken; there are more of them than a room has seats.
    """
    had = set(taken)
    times = {noun: sum(noun == other for other, _ in had) for noun in NOUNS}
    free = [Nickname(noun, number) for noun in NOUNS for number in NUMBERS if (noun, number) not in had]
    if not free:
        raise ValueError("all nicknames are taken")
    fewest = min(times[nickname.noun] for nickname in free)
    return rng.choice([nickname for nickname in free if times[nickname.noun] == fewest])
