"""Intervals of shares that are counted by lesion, in closed form; a bootstrap of no misses would say 0 to 0."""

import math
from statistics import NormalDist


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of a binomial share (Wilson 1927, J. Am. Stat. Assoc. 22:209), without continuity correction.

    Args:
        successes, n: counts; fractions where images share the weight of a lesion.

    Returns:
        Low and high in 0..1; (NaN, NaN) for n = 0.
    """
    if n == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / n
    scale = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # at 0 and n the bound is exactly 0 or 1; the subtraction leaves rounding there
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == n else middle + half)


def difference_interval(
    one: float, one_bounds: tuple[float, float], other: float, other_bounds: tuple[float, float]
) -> tuple[float, float]:
    """Interval of `one` - `other`, independent shares with their own intervals.

    With Wilson's bounds it is Newcombe's hybrid score interval (Newcombe 1998, Stat. Med. 17:873, method 10).
    """
    difference = one - other
    below = math.hypot(one - one_bounds[0], other_bounds[1] - other)
    above = math.hypot(one_bounds[1] - one, other - other_bounds[0])
    return difference - below, difference + above


def ratio_interval(
    one: float, one_bounds: tuple[float, float], other: float, other_bounds: tuple[float, float]
) -> tuple[float, float]:
    """Interval of `one` / `other`, independent shares with their own intervals.

    The method of variance estimates recovery for ratios (Donner & Zou 2012, Stat. Methods Med. Res. 21:347).

    Returns:
        Low and high, 0 or more; (NaN, NaN) where `other` is 0.
    """
    if not other > 0:
        return math.nan, math.nan
    product = one * other
    (low1, high1), (low2, high2) = one_bounds, other_bounds
    upper = high1 * low2 * (2 * one - high1) * (2 * other - low2)
    high = (product + math.sqrt(max(product * product - upper, 0))) / (low2 * (2 * other - low2))
    if not one > 0:
        return 0.0, high
    lower = low1 * high2 * (2 * one - low1) * (2 * other - high2)
    return low1 * (2 * one - low1) / (product + math.sqrt(max(product * product - lower, 0))), high
