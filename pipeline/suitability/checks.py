"""The checks of an uploaded picture: which of its scores lie outside what dermatoscopic images of a collection have.

A limit is a percentile of HAM10000 (10,013 images): each check fires on about 1 in 200 of them at an end that it
watches; what is common there has its limit among the images on which a network of others sees none (Bissoto et al.
2022): hair and dark corners at the 95th percentile, bubbles at the 96th, a ruler above all of 160. `python -m
tests.benchmarks.image_checks` gives the limits, the false alarms and what is found. A check that does not fire says
nothing: they find what is odd, not what is right.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

from pipeline.suitability import scores
from pipeline.suitability.gel_bubbles import gel_bubbles
from pipeline.suitability.lesion_area import LesionArea, lesion_area
from pipeline.suitability.ruler import ruler
from pipeline.suitability.scores import Score
from pipeline.suitability.standard import Standard, standard

NOTHING_FOUND = "These checks found nothing; that does not make the image suitable."


class Check(NamedTuple):
    """One thing that is looked at.

    Attributes:
        key: its name in `predict --json` and in the csv.
        words: what is said where it fires.
        score: of the picture or of its lesion.
        low, high: it fires below the one and above the other, in the score's unit.
    """

    key: str
    words: str
    score: Callable[[Standard, LesionArea | None], Score]
    low: float = -math.inf
    high: float = math.inf

    def fires(self, value: float) -> bool:
        """Whether a value lies outside; one that the picture does not allow to be taken (NaN) does not."""
        return value < self.low or value > self.high


def _of_picture(score: Callable[[Standard], Score]) -> Callable[[Standard, LesionArea | None], Score]:
    return lambda picture, _: score(picture)


def _of_lesion(score: Callable[[LesionArea | None], Score]) -> Callable[[Standard, LesionArea | None], Score]:
    return lambda _, area: score(area)


CHECKS: tuple[Check, ...] = (
    Check("too-small", "Too few pixels to tell whether it is sharp.", _of_picture(scores.pixels), low=256),
    Check("blurred", "Blurred: dots, globules and the lines of a network may not be visible.",
          _of_picture(scores.sharpness), low=0.355),
    Check("compressed", "Heavily compressed: the borders of its blocks of pixels show.", _of_picture(scores.blocks),
          high=2.33),
    Check("dark", "Very dark.", _of_picture(scores.brightness), low=0.418),
    Check("bright", "Very bright.", _of_picture(scores.brightness), high=0.811),
    Check("flat", "Hardly any contrast.", _of_picture(scores.contrast), low=0.09),
    Check("glare", "Glare: a part is white.", _of_picture(scores.glare), high=0.007),
    Check("colours", "Colours that dermatoscopic images of skin hardly have: grey, or recoloured.",
          _of_picture(scores.redness), low=0.042, high=0.42),
    Check("blue", "More blue, or less, than dermatoscopic images of skin have.", _of_picture(scores.blueness),
          low=-0.086, high=0.136),
    Check("ink", "Ink or a marker, or another thing in a colour that skin does not have.", _of_picture(scores.ink),
          high=0.0022),
    Check("dark-corners", "Dark corners.", _of_picture(scores.dark_corners), high=0.25),
    Check("hair", "Hair, or other thin dark lines, over much of the picture.", _of_picture(scores.hair), high=1.0),
    Check("ruler", "A ruler, a scale, or another row of equally spaced marks.", _of_picture(ruler), high=6),
    Check("gel-bubbles", "Bubbles in the gel, or other thin rings.", _of_picture(gel_bubbles), high=0.45),
    Check("no-lesion", "No lesion stands out from its surroundings.", _of_lesion(scores.lesion_step), low=0.05),
    Check("lesion-small", "The lesion is small in the picture.", _of_lesion(scores.lesion_share), low=0.016),
    Check("lesion-at-edge", "The lesion lies at the edge of the picture: a part of it may be missing.",
          _of_lesion(scores.lesion_away), high=0.6),
    Check("several", "More than one dark area: which is the lesion cannot be told.", _of_lesion(scores.second_area),
          high=0.93),
)


class Finding(NamedTuple):
    """A check that fired.

    Attributes:
        key, words: of the check; value: its score.
        mask: (h, w) bool in the proportions of the whole picture, True where it is; None where it has no place.
    """

    key: str
    words: str
    value: float
    mask: np.ndarray | None


def check_picture(pixels: np.ndarray) -> list[Finding]:
    """What the checks find in a picture, in their order; some milliseconds a picture.

    Args:
        pixels: uint8 (H, W, 3), sRGB, upright.
    """
    picture = standard(pixels)
    area = lesion_area(picture.whole)
    found = []
    for check in CHECKS:
        value, mask = check.score(picture, area)
        if check.fires(value):
            place = None if mask is None else _in_whole(mask, picture.whole.shape[:2])
            found.append(Finding(check.key, check.words, value, place))
    return found


def _in_whole(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A mask of the whole picture at any size, or of its central square, as one of the whole, (h, w) = `shape`."""
    if mask.shape == shape:
        return mask
    side, whole = min(shape), np.zeros(shape, bool)
    of_square = mask.shape[0] == mask.shape[1]
    top, left = ((length - side) // 2 if of_square else 0 for length in shape)
    high, wide = (side, side) if of_square else shape
    small = Image.fromarray(mask).resize((wide, high), Image.Resampling.NEAREST)
    whole[top:top + high, left:left + wide] = np.asarray(small)
    return whole
