"""How the article reads a learning-rate curve, and when a curve tells nothing. Arrays only: pages load no torch.

The curve is that of Smith 2017 (arXiv:1506.01186): the loss of one training batch after another while the rate grows
exponentially. fastai's own suggestions are computed beside these, in `lr_finder`.
"""

from typing import NamedTuple

import numpy as np

from pipeline.vocabulary import RateVerdict

VERDICTS: dict[RateVerdict, str] = {
    "usable": "The loss falls and then rises: the rates before the rise can be used.",
    "too_short": "The curve is too short to read: it ended after fewer than 20 batches. Use more steps, or a lower "
    "first rate.",
    "flat": "The curve is flat: no rate of this range changed the loss. Try higher rates; if that changes nothing, the "
    "network does not learn here at all.",
    "rises": "The loss only rises: the network is near a minimum already, as after a stage that went well. No rate "
    "makes it fall within one pass; the plateau before the rise says how high a rate may be.",
}
_FEWEST_POINTS = 20
_FLAT = 0.02  # of the first loss: less than that is noise of the batches
_PLATEAU_SLOPE = 0.05  # of the first loss, a decade of the rate
_SHORTEST_PLATEAU = 0.5  # decades


class RateRange(NamedTuple):
    """Two rates: `lowest` and `highest` are 0 < lowest < highest, in units of fastai's learning rate."""

    lowest: float
    highest: float


def _slopes(rates: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Change of the loss a decade of the rate, at each point."""
    return np.gradient(losses, np.log10(rates))


def steepest_point(rates: np.ndarray, losses: np.ndarray) -> float:
    """The rate at which the (smoothed) loss falls fastest; at least two points of growing rates."""
    return float(rates[_slopes(rates, losses).argmin()])


def steepest_rule(rates: np.ndarray, losses: np.ndarray) -> RateRange:
    """The article's first rule: round the steepest point up to a power of ten, and go one decade above it.

    The article found 9.12e-07 for ResNet50 and trained with 1e-06 and 1e-05.
    """
    exponent = np.ceil(np.round(np.log10(steepest_point(rates, losses)), 9))
    return RateRange(float(10.0**exponent), float(10.0 ** (exponent + 1)))


def plateau_rule(rates: np.ndarray, losses: np.ndarray) -> RateRange | None:
    """The article's second rule: the range starts where the plateau does, and ends one decade above.

    The plateau is the longest stretch of at least half a decade on which the loss changes by less than 5 % of the
    first loss a decade; None where there is none. The start is given to the nearest power of ten, as the article's
    ranges are.
    """
    level = np.abs(_slopes(rates, losses)) <= _PLATEAU_SLOPE * abs(float(losses[0]))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], level.astype(int), [0]])))
    stretches = [(start, end - 1) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    decades = [float(np.log10(rates[end] / rates[start])) for start, end in stretches]
    if not decades or max(decades) < _SHORTEST_PLATEAU:
        return None
    start = rates[stretches[int(np.argmax(decades))][0]]
    exponent = np.round(np.log10(start))
    return RateRange(float(10.0**exponent), float(10.0 ** (exponent + 1)))


def verdict(rates: np.ndarray, losses: np.ndarray) -> RateVerdict:
    """What kind of curve it is, by its smoothed losses (finite, in the order of growing rates)."""
    if len(rates) < _FEWEST_POINTS:
        return "too_short"
    first, lowest, last = float(losses[0]), float(losses.min()), float(losses[-1])
    if float(losses.max()) - lowest < _FLAT * abs(first):
        return "flat"
    if first - lowest < _FLAT * abs(first) and last > first:
        return "rises"
    return "usable"
