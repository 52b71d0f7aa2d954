"""A ruler or a scale in a picture: a row of parallel dark ticks, equally far apart."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from pipeline.suitability.ridges import dark_ridges
from pipeline.suitability.scores import Score
from pipeline.suitability.standard import Standard

_SCALE, _RIDGE = 1.0, 0.012  # pixels of the wide picture; luma
_TURNS, _OBLIQUE = 8, np.radians(18)  # directions that ticks are looked for in, and how far one may deviate
_LENGTHS, _THICK = (3.0, 45.0), 3.5  # of a tick, pixels of the wide picture
_STEPS, _OVERLAP, _SIMILAR = (3.0, 25.0), 0.6, 3.0  # between ticks in pixels; of neighbours; of their lengths
_LOOSE, _LEAST_LOOSE, _DRIFT = 0.15, 0.8, 0.2  # of a step, pixels, of the first step
_MOST_TICKS, _MOST_IN_A_ROW = 200, 80


class _Ticks(NamedTuple):
    """Lines that could be ticks: their numbers in the labelled picture, middles (n, 2) as along and across, lengths."""

    numbers: np.ndarray
    middles: np.ndarray
    lengths: np.ndarray


def ruler(picture: Standard) -> Score:
    """Ticks in the longest row of equally spaced parallel dark lines that lie beside each other; 0 where there is none.
    """
    if picture.wide is None:
        return Score(np.nan)
    ridges = dark_ridges(picture.wide, _SCALE)
    lines = ridges.line & (ridges.strength > _RIDGE)
    longest, mask = 0, np.zeros(lines.shape, bool)
    for angle in np.arange(_TURNS) * np.pi / _TURNS:
        parallel = lines & ((ridges.across * np.exp(-2j * angle)).real > np.cos(2 * _OBLIQUE))
        parts, number = ndimage.label(parallel, np.ones((3, 3)))
        ticks = _ticks(parts, number, angle)
        row = _longest_row(ticks)
        if len(row) > longest:
            longest, mask = len(row), np.isin(parts, ticks.numbers[row])
    return Score(float(longest), mask)


def _ticks(parts: np.ndarray, number: int, angle: float) -> _Ticks:
    """Of the labelled lines those of a tick's shape; `angle` is that of the direction across them."""
    down, right = np.nonzero(parts)
    of = parts[down, right] - 1
    along, across = (down * np.cos(angle) - right * np.sin(angle), right * np.cos(angle) + down * np.sin(angle))
    pixels = np.maximum(np.bincount(of, minlength=number), 1)
    middles, extents = [], []
    for place in (along, across):
        middle = np.bincount(of, place, number) / pixels
        spread = np.bincount(of, (place - middle[of]) ** 2, number) / pixels
        middles.append(middle)
        extents.append(np.sqrt(12 * spread) + 1)  # as of a line evenly covered
    length, thickness = extents
    fits = np.flatnonzero((length >= _LENGTHS[0]) & (length <= _LENGTHS[1]) & (thickness <= _THICK))
    fits = fits[np.argsort(-pixels[fits], kind="stable")[:_MOST_TICKS]]
    return _Ticks(fits + 1, np.stack(middles, axis=1)[fits], length[fits])


def _longest_row(ticks: _Ticks) -> list[int]:
    """The indices of the ticks of the longest row, in its order; empty where no two lie beside each other."""
    leaning, ahead = np.moveaxis(ticks.middles[None] - ticks.middles[:, None], 2, 0)
    reach = (ticks.lengths[None] + ticks.lengths[:, None]) / 2  # of two that just miss each other's height
    similar = np.abs(np.log(ticks.lengths[None] / ticks.lengths[:, None])) < np.log(_SIMILAR)
    beside = (ahead >= _STEPS[0]) & (ahead <= _STEPS[1]) & (np.abs(leaning) < _OVERLAP * reach) & similar
    before, last = np.nonzero(beside)
    if not len(before):
        return []
    rows, first, step = np.stack([before, last], axis=1), ahead[before, last], ahead[before, last]
    for _ in range(_MOST_IN_A_ROW):
        last = rows[:, -1]
        off = np.where(beside[last], np.abs(ahead[last] - step[:, None]), np.inf)
        near = off.argmin(axis=1)
        taken = ahead[last, near]
        goes_on = (off.min(axis=1) <= np.maximum(_LOOSE * first, _LEAST_LOOSE)) & (
            np.abs(taken - first) <= np.maximum(_DRIFT * first, _LEAST_LOOSE))
        if not goes_on.any():
            break
        rows, first, step = np.column_stack([rows, near])[goes_on], first[goes_on], taken[goes_on]
    return [int(tick) for tick in rows[0]]
