"""Thin lines in a picture: how much darker each pixel is than what lies on both sides of it, and in which direction.

A line is curved across and straight along: the larger eigenvalue of the luma's Hessian is high and the other near 0
(Frangi et al. 1998, doi:10.1007/BFb0056195, at one scale).
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage


class Ridges(NamedTuple):
    """Dark lines of a picture.

    Attributes:
        strength: (h, w) curvature across, in luma (0..1) times the square of the scale; above 0 where it is darker than
            on both sides.
        line: (h, w) bool, whether it is straight along.
        across: (h, w) complex, exp(2iθ) of the direction across, θ from the picture's width towards its height.
    """

    strength: np.ndarray
    line: np.ndarray
    across: np.ndarray


def dark_ridges(luma: np.ndarray, scale: float) -> Ridges:
    """The dark lines of (h, w) luma in 0..1; of its negative, the bright ones.

    Args:
        scale: of the Gaussian that it is smoothed with, in pixels: lines of about twice this width answer most.
    """
    yy, xx, xy = (ndimage.gaussian_filter(luma, scale, order) for order in ((2, 0), (0, 2), (1, 1)))
    middle, half = (yy + xx) / 2, (xx - yy) / 2
    apart = np.hypot(half, xy)
    most, least = middle + apart, middle - apart
    across = (half + 1j * xy) / np.maximum(apart, 1e-12)
    return Ridges(most * scale**2, np.abs(least) < most / 2, across)
