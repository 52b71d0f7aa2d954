"""A picture at the sizes that the scores take, whatever its own."""

from typing import NamedTuple

import numpy as np
from PIL import Image

SMALL, SQUARE = 150, 256  # the shorter side of the whole picture, and of what finer scores take
_NATIVE = 512  # of the part that keeps its own pixels, at most
_LONGEST = 3  # times as long as wide, of what is scored whole and finely
_BLOCK = 8  # of a JPEG; the part begins where one does


class Standard(NamedTuple):
    """A picture as the scores take it, float32 in 0..1.

    Attributes:
        whole: (h, w, 3), its shorter side SMALL pixels.
        wide: (h, w) luma of the whole, its shorter side SQUARE pixels; None where that has fewer, or is a strip.
        square: (SQUARE, SQUARE) luma of its central square; None where that has fewer.
        native: (h, w) luma of its middle, pixel by pixel, at most 512 by 512.
        shorter_side: of the picture as it was brought, in pixels.
    """

    whole: np.ndarray
    wide: np.ndarray | None
    square: np.ndarray | None
    native: np.ndarray
    shorter_side: int


def standard(pixels: np.ndarray) -> Standard:
    """A picture as the scores take it.

    Args:
        pixels: uint8 (H, W, 3), sRGB.
    """
    height, width = pixels.shape[:2]
    image, short = Image.fromarray(pixels), min(height, width)
    whole = image.resize(_scaled(pixels, SMALL), Image.Resampling.BICUBIC, reducing_gap=3)
    wide = square = None
    if short >= SQUARE:
        left, top = (width - short) // 2, (height - short) // 2
        middle = (left, top, left + short, top + short)
        if max(height, width) <= _LONGEST * short:
            wide = grey(_unit(image.resize(_scaled(pixels, SQUARE), Image.Resampling.BICUBIC, reducing_gap=3)))
        square = grey(_unit(image.resize((SQUARE, SQUARE), Image.Resampling.BICUBIC, middle, reducing_gap=3)))
    return Standard(_unit(whole), wide, square, grey(_unit(_native(pixels))), short)


def _scaled(pixels: np.ndarray, side: int) -> tuple[int, int]:
    """Width and height of the picture with a shorter side of so many pixels."""
    height, width = pixels.shape[:2]
    short = min(height, width)
    return max(round(width * side / short), side), max(round(height * side / short), side)


def _native(pixels: np.ndarray) -> np.ndarray:
    top, left = (max(side - _NATIVE, 0) // 2 // _BLOCK * _BLOCK for side in pixels.shape[:2])
    return pixels[top:top + _NATIVE, left:left + _NATIVE]


def _unit(pixels) -> np.ndarray:
    return np.asarray(pixels).astype(np.float32) / 255


def grey(pixels: np.ndarray) -> np.ndarray:
    """(H, W) luma (ITU-R BT.601) of (H, W, 3), in the same unit."""
    return pixels @ np.array([0.299, 0.587, 0.114], np.float32)
