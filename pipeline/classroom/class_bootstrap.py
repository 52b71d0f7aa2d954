"""How far a class's figures might be elsewhere: other students of the kind, and other items of the kind.

Thirty students on twelve items are not 360 independent answers: those of one student go together, and so do those to
one item. So a resample draws seats and items, each with replacement and independently, and an answer counts as often as
its seat times its item (the pigeonhole bootstrap, Owen 2007, Ann. Appl. Stat. 1:386, which McCullagh 2000, Bernoulli
6:285, shows to be conservative). Malignant and benign items are drawn apart, as a lesson has its share of each. Of n
units n - 1 are drawn: with as many as there are, six items would seem to vary less than they do (Rao & Wu 1988, J. Am.
Stat. Assoc. 83:231). The 2.5th and 97.5th percentiles bound the 95 % interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from pipeline.metrics.samples import EachOnce, bounded
from pipeline.metrics.wilson import wilson_interval

RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval, NaN where undefined; `n`: the answers that it is of."""

    value: float
    low: float
    high: float
    n: int


def undefined(n: int) -> Estimate:
    """A figure that so many answers do not define."""
    return Estimate(math.nan, math.nan, math.nan, n)


class Sums(Protocol):
    """How often each answer counts, in each of some draws."""

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(draws, k) sums over each draw's answers of `values` (answers, k)."""


class SeatItemDraws:
    """`resamples` draws of the seats and of the items of some answers, n - 1 of n each.

    Attributes:
        seats, items: how many there are.
    """

    def __init__(
        self, seat: pd.Series, item: pd.Series, stratum: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
    ) -> None:
        """Draws.

        Args:
            seat, item: of each answer.
            stratum: (answers,) that of its item; items are drawn within each.
            seed: equal seeds give equal draws.
        """
        rng = np.random.default_rng(seed)
        self._seat, seats = pd.factorize(seat)
        self._item, items = pd.factorize(item)
        self.seats, self.items = len(seats), len(items)
        strata = pd.Series(np.asarray(stratum)).groupby(self._item).first()
        self._of_seats = _times(np.zeros(self.seats, dtype=int), resamples, rng)
        self._of_items = _times(pd.factorize(strata)[0], resamples, rng)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """See `Sums`."""
        place = self._seat * self.items + self._item
        cells = [np.bincount(place, weights=column, minlength=self.seats * self.items) for column in values.T]
        of_items = [self._of_seats @ column.reshape(self.seats, self.items) for column in cells]
        return np.column_stack([(one * self._of_items).sum(axis=1) for one in of_items])


def _times(stratum: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(resamples, units) how often each unit is drawn, one fewer of each stratum than it has, one of a single one."""
    times = np.zeros((resamples, len(stratum)))  # float: numpy multiplies integers without BLAS
    for one in np.unique(stratum):
        units = np.flatnonzero(stratum == one)
        times[:, units] = rng.multinomial(max(len(units) - 1, 1), np.full(len(units), 1 / len(units)), resamples)
    return times


class ClassSample:
    """Some answers, once as they are and once as resampled, for figures that are functions of sums over answers.

    Attributes:
        answers, seats, items: how many there are.
    """

    def __init__(
        self, seat: pd.Series, item: pd.Series, stratum: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
    ) -> None:
        """See `SeatItemDraws`."""
        self._draws = SeatItemDraws(seat, item, stratum, resamples, seed)
        self.answers, self.seats, self.items = len(seat), self._draws.seats, self._draws.items

    def estimate(self, figure: Callable[[np.ndarray], np.ndarray], values: np.ndarray, n: int) -> Estimate:
        """A figure with its interval.

        Args:
            figure: from (draws, k) sums to (draws,) values, NaN where undefined.
            values: (answers, k) what it is of.
            n: the answers that count in it.
        """
        if not self.answers:
            return undefined(n)
        return Estimate(*bounded(self._value(figure, values), figure(self._draws.sums(values))), n)

    def _value(self, figure: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> float:
        return float(figure(EachOnce().sums(values))[0])

    def share(self, hit: np.ndarray, among: np.ndarray, least: int = 1) -> Estimate:
        """The share of the answers that are `hit` (answers,) `among` (answers,) some.

        Of one seat the interval is Wilson's: its answers are to different lesions. So is that of a class of which all
        or none hit, on as many answers as are independent at the least: its seats or its items, whichever are fewer.

        Args:
            least: how many there must be; of fewer it is undefined.
        """
        hits, n = int((hit & among).sum()), int(among.sum())
        if n < max(least, 1):
            return undefined(n)
        if self.seats == 1:
            return Estimate(hits / n, *wilson_interval(hits, n), n)
        values = np.column_stack([hit & among, among])
        units = min(n, self.seats, self.items)
        return Estimate(*bounded(hits / n, ratio(self._draws.sums(values)), units), n)


def ratio(sums: np.ndarray) -> np.ndarray:
    """(draws,) the first of two sums over the second; NaN where that is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, 0] / sums[:, 1]
