"""Scores of a picture, in milliseconds and from its pixels alone: how sharp it is, how it is lit, what lies over it.

Each is a number on which collections can be compared, and where it says so a mask of the pixels that it is about. What
counts as unusual is not decided here: `checks` compares with the percentiles of a collection.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from pipeline.suitability.lesion_area import LesionArea, nearness
from pipeline.suitability.ridges import dark_ridges
from pipeline.suitability.standard import SMALL, SQUARE, Standard, grey

_HAIR_SCALE, _RIDGE, _SHORTEST = 1.0, 0.008, 40  # pixels of the square; luma; pixels of the square
_INK = 0.3  # by how much more than the median, grey levels 0..1
_DARK = 0.75  # of the middle's luma


class Score(NamedTuple):
    """A number, NaN where the picture does not allow it, and the pixels of `Standard.whole` or `.square` that it is
    about, (h, w) bool, where there are some.
    """

    value: float
    mask: np.ndarray | None = None


def sharpness(picture: Standard) -> Score:
    """Contrast of one to two pixels of the square over that of four to eight: a blur takes the first alone."""
    if picture.square is None:
        return Score(np.nan)
    once, wide = (ndimage.gaussian_filter(picture.square, sigma) for sigma in (1, 4))
    coarse = float((once - wide).std())
    return Score(float((picture.square - once).std()) / coarse if coarse > 1e-4 else np.nan)


def brightness(picture: Standard) -> Score:
    """Mean luma, 0..1."""
    return Score(float(grey(picture.whole).mean()))


def contrast(picture: Standard) -> Score:
    """Between the 5th and the 95th percentile of the luma, 0..1."""
    low, high = np.percentile(grey(picture.whole), [5, 95])
    return Score(float(high - low))


def glare(picture: Standard) -> Score:
    """Share of pixels at the upper end of all three channels."""
    mask = picture.whole.min(axis=2) > 0.94
    return Score(float(mask.mean()), mask)


def redness(picture: Standard) -> Score:
    """Mean excess of red over green, in grey levels 0..1: about 0 in a grey picture."""
    return Score(float((picture.whole[..., 0] - picture.whole[..., 1]).mean()))


def blueness(picture: Standard) -> Score:
    """Mean excess of blue over green, in grey levels 0..1."""
    return Score(float((picture.whole[..., 2] - picture.whole[..., 1]).mean()))


def ink(picture: Standard) -> Score:
    """Share of pixels that are much bluer or greener than the picture is: a marker's violet, blue or green."""
    red, green, blue = np.moveaxis(picture.whole, 2, 0)
    unlike_skin = np.maximum(green, blue) - red
    mask = ndimage.binary_opening(unlike_skin - np.median(unlike_skin) > _INK)
    return Score(float(mask.mean()), mask)


def dark_corners(picture: Standard) -> Score:
    """How much darker the darkest corners are than the middle: 0 as bright, 1 black; the mean of the two darkest.

    Beyond the ellipse in the picture's frame, what is that dark: a vignette, or the black around a round view.
    """
    luma = grey(picture.whole)
    height, width = luma.shape
    side = SMALL // 15
    corners = [luma[:side, :side], luma[:side, -side:], luma[-side:, :side], luma[-side:, -side:]]
    middle = np.median(luma[height // 4:-height // 4, width // 4:-width // 4])
    darkest = np.sort([float(np.median(corner)) for corner in corners])[:2]
    mask = (nearness(height, width) == 0) & (luma < _DARK * middle)
    return Score(float(1 - darkest.mean() / middle), mask) if middle > 0.02 else Score(np.nan)


def hair(picture: Standard) -> Score:
    """Length of dark lines in the square, in its sides: ridges of at least a sixth of it."""
    if picture.square is None:
        return Score(np.nan)
    ridges = dark_ridges(picture.square, _HAIR_SCALE)
    parts, _ = ndimage.label(ridges.line & (ridges.strength > _RIDGE), np.ones((3, 3)))
    extents = np.array([0.0, *(np.hypot(rows.stop - rows.start, columns.stop - columns.start)
                               for rows, columns in ndimage.find_objects(parts))])
    long = extents >= _SHORTEST
    return Score(float(extents[long].sum()) / SQUARE, long[parts])


def blocks(picture: Standard) -> Score:
    """Steps of luma at the borders of 8 by 8 pixels over those within: 1 without compression, more the harder it is."""
    steps = np.abs(np.diff(picture.native, axis=1)).mean(axis=0)
    at = np.arange(1, len(steps) + 1) % 8 == 0
    if not at.any() or steps[~at].mean() < 1e-5:
        return Score(np.nan)
    return Score(float(steps[at].mean() / steps[~at].mean()))


def pixels(picture: Standard) -> Score:
    """Its shorter side, in pixels."""
    return Score(float(picture.shorter_side))


def lesion_step(area: LesionArea | None) -> Score:
    """By how much the lesion is darker than its surroundings, luma 0..1; 0 where all has one luma."""
    return Score(area.step if area else 0.0)


def lesion_share(area: LesionArea | None) -> Score:
    """Which part of the picture the lesion takes, 0..1."""
    return Score(area.share, area.mask) if area else Score(np.nan)


def lesion_away(area: LesionArea | None) -> Score:
    """How far the lesion's middle is from the picture's, in half its diagonal, 0..1."""
    return Score(area.away, area.mask) if area else Score(np.nan)


def second_area(area: LesionArea | None) -> Score:
    """How much a second dark area has of the lesion's weight, 0..1."""
    return Score(area.second) if area else Score(np.nan)
