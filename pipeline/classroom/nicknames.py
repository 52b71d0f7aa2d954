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
    numbers: dict[str, set[int]] = {noun: set() for noun in NOUNS}
    for noun, number in taken:
        numbers.setdefault(noun, set()).add(number)
    free = [noun for noun in NOUNS if len(numbers[noun]) < len(NUMBERS)]
    if not free:
        raise ValueError("all nicknames are taken")
    fewest = min(len(numbers[noun]) for noun in free)
    noun = rng.choice([noun for noun in free if len(numbers[noun]) == fewest])
    return Nickname(noun, rng.choice([number for number in NUMBERS if number not in numbers[noun]]))
