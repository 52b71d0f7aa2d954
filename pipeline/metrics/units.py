"""What a figure is counted in, and how it is written: alone, with its interval, or its interval alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.number_words import UNDEFINED, decimal, percent


@dataclass(frozen=True)
class Unit:
    """Between which values a figure lies, and whether it is written as a percentage or as a decimal number."""

    low: float
    high: float
    percent: bool = False


SHARE = Unit(0, 1, percent=True)
AREA = Unit(0, 1)
DISTANCE = Unit(0, 2)
COEFFICIENT = Unit(-1, 1)
NOT_COMPUTED = (None, None, None)  # value, low and high of a figure that an earlier version did not compute


def figure_words(value: float | None, unit: Unit = SHARE) -> str:
    """ "61.3 %", or "0.912"; a dash for what is undefined."""
    return percent(value) if unit.percent else decimal(value)


def with_interval(bounded: Sequence[float | None], unit: Unit = SHARE) -> str:
    """ "61.3 % (53.8 % to 69.0 %)" of value, low and high; a dash for what is undefined."""
    value, low, high = bounded
    words = figure_words(value, unit)
    return f"{words} ({bounds_words((low, high), unit)})" if is_number(low) else words


def bounds_words(bounds: Sequence[float | None] | None, unit: Unit = SHARE) -> str:
    """ "53.8 % to 69.0 %" of low and high; a dash where there are none."""
    if not bounds or not all(map(is_number, bounds)):
        return UNDEFINED
    low, high = bounds
    return f"{figure_words(low, unit)} to {figure_words(high, unit)}"


def is_number(value: float | None) -> bool:
    """Whether a figure is defined."""
    return value is not None and math.isfinite(value)
