"""Where the lesion lies in a picture, as far as its darkness tells: for checks, not for measuring a lesion."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from pipeline.suitability.standard import SMALL, grey

_SMOOTH = 2.5  # pixels
_BINS = 64


class LesionArea(NamedTuple):
    """What is darker than the skin around it.

    Attributes:
        mask: (h, w) bool.
        apart: how well two levels explain the picture's luma, 0..1 (Otsu's criterion).
        step: by how much the darker level is darker, luma 0..1.
        share: part of the picture that it takes, 0..1.
        away: of its middle from the picture's, in half the diagonal: 0..1.
        second: the weight of the next dark area over its own, 0..1; 0 where there is none.
    """

    mask: np.ndarray
    apart: float
    step: float
    share: float
    away: float
    second: float


def lesion_area(whole: np.ndarray) -> LesionArea | None:
    """The lesion of a picture (h, w, 3) in 0..1, its shorter side SMALL pixels; None where all of it has one luma.

    The threshold is Otsu's (1979, doi:10.1109/TSMC.1979.4310076) on the smoothed luma of the ellipse in the
    picture's frame; of several dark areas the lesion is the one with most in the middle.
    """
    luma = ndimage.gaussian_filter(grey(whole), _SMOOTH)
    near = nearness(*luma.shape)
    level, apart, step = _otsu(luma[near > 0])
    if np.isnan(level):
        return None
    dark = ndimage.binary_opening(luma < level, iterations=2)
    parts, number = ndimage.label(ndimage.binary_fill_holes(dark))
    weights = np.bincount(parts.ravel(), near.ravel(), number + 1)
    weights[0] = 0
    if not weights.any():
        return None
    *_, second, largest = np.sort(np.append(weights, 0))
    mask = parts == int(np.argmax(weights))
    middle = np.argwhere(mask).mean(axis=0) / mask.shape
    sides = np.array(mask.shape) / np.hypot(*mask.shape)
    away = float(np.hypot(*((middle - 0.5) * 2 * sides)))
    return LesionArea(mask, apart, step, float(mask.mean()), away, float(second / largest))


def nearness(height: int, width: int) -> np.ndarray:
    """(height, width) from 1 in the middle to 0 at the ellipse that the picture's frame holds, and beyond it: there the
    corners are dark.
    """
    down, across = (np.linspace(-1, 1, side, dtype=np.float32) for side in (height, width))
    return np.maximum(1 - down[:, None] ** 2 - across**2, 0)


def _otsu(luma: np.ndarray) -> tuple[float, float, float]:
    """The threshold, the share of the variance that it explains, and the step between both means; NaN without any."""
    if luma.size < SMALL or luma.std() < 1e-3:
        return np.nan, np.nan, np.nan
    counts, edges = np.histogram(luma, _BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = luma.size - below
    sums = np.cumsum(counts * middles)
    low, high = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * (high - low) ** 2 / luma.size**2
    best = int(np.argmax(between))
    return float(edges[best + 1]), float(between[best] / luma.var()), float(high[best] - low[best])
