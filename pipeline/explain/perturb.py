"""What if the picture had been taken otherwise: turned, mirrored, nearer, brighter, of another tint, with ink on it.

All work on what the network sees, so that the untouched image gives exactly the output that the run stored.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

Flip = Literal["none", "left-right", "top-bottom"]
Ink = Literal["none", "pen", "ruler"]

_PEN = (64, 48, 140)  # the violet of a surgical skin marker
_RULER, _MARKS = (236, 236, 228), (24, 24, 24)
_FINE = 4  # ink is drawn this much larger, so that its edges are smooth


@dataclass(frozen=True)
class Perturbation:
    """A change of the picture; the defaults change nothing.

    Attributes:
        rotate: degrees, counter-clockwise; what turns in from outside is the picture's own mirror image.
        flip: mirrored left to right or top to bottom.
        zoom: at least 1; the middle of the picture, so much larger.
        brightness: -1..1; every channel times 1 + brightness.
        warmth: -1..1; red times 1 + warmth and blue times 1 - warmth.
        ink: a pen's arc or a strip of a ruler, drawn last.
        across, down: where the ink's middle lies, 0..1 of width and height.
    """

    rotate: float = 0.0
    flip: Flip = "none"
    zoom: float = 1.0
    brightness: float = 0.0
    warmth: float = 0.0
    ink: Ink = "none"
    across: float = 0.5
    down: float = 0.5


# what a run's stored shares are of: small enough that a dermatologist's answer would not change
NAMED: dict[str, tuple[str, Perturbation]] = {
    "rotate-15": ("turned by 15°", Perturbation(rotate=15)),
    "rotate-90": ("turned by 90°", Perturbation(rotate=90)),
    "rotate-180": ("turned by 180°", Perturbation(rotate=180)),
    "left-right": ("mirrored left to right", Perturbation(flip="left-right")),
    "top-bottom": ("mirrored top to bottom", Perturbation(flip="top-bottom")),
    "zoom": ("enlarged by 20 %", Perturbation(zoom=1.2)),
    "brighter": ("brightened by 20 %", Perturbation(brightness=0.2)),
    "darker": ("darkened by 20 %", Perturbation(brightness=-0.2)),
    "warmer": ("10 % more red, 10 % less blue", Perturbation(warmth=0.1)),
    "cooler": ("10 % less red, 10 % more blue", Perturbation(warmth=-0.1)),
    "pen": ("with a pen's mark in the upper left", Perturbation(ink="pen", across=0.2, down=0.2)),
    "ruler": ("with a ruler at the lower edge", Perturbation(ink="ruler", across=0.5, down=0.93)),
}


def perturb(pixels: np.ndarray, change: Perturbation) -> np.ndarray:
    """The picture after `change`; an equal copy where nothing is changed.

    Args:
        pixels: (H, W, 3) uint8; what the network sees.

    Raises:
        ValueError: a value is out of its range, or the pixels are not as said above.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"pixels must be uint8 (H, W, 3), not {pixels.dtype} {pixels.shape}.")
    if change.zoom < 1 or abs(change.brightness) > 1 or abs(change.warmth) > 1:
        raise ValueError(f"A value is out of its range: {change}.")
    pixels = {"none": pixels, "left-right": pixels[:, ::-1], "top-bottom": pixels[::-1]}[change.flip]
    pixels = _zoomed(_turned(pixels, change.rotate % 360), change.zoom)
    if change.brightness or change.warmth:
        gains = (1 + change.brightness) * np.array([1 + change.warmth, 1, 1 - change.warmth])
        pixels = np.rint((pixels * gains).clip(0, 255)).astype(np.uint8)
    return np.array(pixels) if change.ink == "none" else _inked(pixels, change)


def _turned(pixels: np.ndarray, degrees: float) -> np.ndarray:
    height, width = pixels.shape[:2]
    if degrees % 180 == 0:
        return pixels[::-1, ::-1] if degrees else pixels
    down, across = math.ceil(width / 2), math.ceil(height / 2)  # enough for the other side's length at 90°
    padded = Image.fromarray(np.pad(pixels, ((down, down), (across, across), (0, 0)), mode="symmetric"))
    turned = padded.rotate(degrees, Image.Resampling.BILINEAR)
    return np.asarray(turned)[down : down + height, across : across + width]


def _zoomed(pixels: np.ndarray, zoom: float) -> np.ndarray:
    if zoom == 1:
        return pixels
    height, width = pixels.shape[:2]
    left, top = (width - width / zoom) / 2, (height - height / zoom) / 2
    box = (left, top, width - left, height - top)
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR, box=box))


def _inked(pixels: np.ndarray, change: Perturbation) -> np.ndarray:
    height, width = pixels.shape[:2]
    layer = Image.new("RGBA", (_FINE * width, _FINE * height))
    draw = ImageDraw.Draw(layer)
    x, y, size = change.across * layer.width, change.down * layer.height, min(layer.size)
    if change.ink == "pen":
        radius = 0.14 * size
        draw.arc((x - radius, y - radius, x + radius, y + radius), 140, 400, (*_PEN, 235), round(0.035 * size))
    else:
        half, thick, step = 0.45 * layer.width, 0.06 * size, 0.03 * size
        draw.rectangle((x - half, y - thick, x + half, y + thick), (*_RULER, 255))
        for number in range(int(2 * half / step)):
            at, length = x - half + number * step, thick * (1.4 if number % 5 == 0 else 0.8)
            draw.line((at, y - thick, at, y - thick + length), (*_MARKS, 255), max(round(0.006 * size), 2))
    layer = layer.resize((width, height), Image.Resampling.BOX)
    return np.asarray(Image.alpha_composite(Image.fromarray(pixels).convert("RGBA"), layer).convert("RGB"))
