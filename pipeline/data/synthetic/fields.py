"""Random fields and drawn marks on the lesion plane, from which the structures of a generated lesion are built.

The lesion plane is SIDE × SIDE pixels with the lesion's centre in the middle; fields are float32 arrays of that shape.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 288
_OVERSAMPLING = 2


@lru_cache(maxsize=1)
def plane() -> tuple[np.ndarray, np.ndarray]:
    """x and y of every pixel, in pixels from the lesion's centre; read-only, shape (SIDE, SIDE)."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) - (SIDE - 1) / 2
    x.flags.writeable = y.flags.writeable = False
    return x, y


def smoothstep(low: float, high: float, values: np.ndarray) -> np.ndarray:
    """0 at and below `low`, 1 at and above `high` (or the reverse where high < low), smooth between; float32."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def cloud(rng: np.random.Generator, cell: float, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """A smooth random field with features of about `cell` pixels, mean near 0, standard deviation 1; float32."""
    height, width = shape
    rows, columns = int(height / cell) + 4, int(width / cell) + 4
    grid = Image.fromarray(rng.standard_normal((rows, columns), dtype=np.float32))
    left, top = rng.uniform(0.5, 1.5, 2)
    box = (left, top, left + width / cell, top + height / cell)
    return np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC, box=box)) * np.float32(1.4)


def mesh(rng: np.random.Generator, spacing: float, jitter: float, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """Irregular cells: 0 on the lines between them, rising to 1 in each cell's middle; float32 of `shape`.

    Args:
        spacing: mean pixels between two middles.
        jitter: how far middles stray from a lattice, 0 (honeycomb) to 1 (disorder).
    """
    # At half or a third of the size, as the field is smooth between its lines: four or nine times faster.
    scale = 2 if spacing < 14 else 3
    height, width = -(-shape[0] // scale), -(-shape[1] // scale)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    turn, step, bend = rng.uniform(0, np.pi), scale / spacing, jitter * 0.9
    cosine, sine = step * math.cos(turn), step * math.sin(turn)
    u = cosine * x - sine * y + bend * cloud(rng, 5 * spacing / scale, (height, width))
    v = (sine * x + cosine * y) / 0.866 + bend * cloud(rng, 5 * spacing / scale, (height, width))
    stray_u, stray_v = jitter * (rng.random((2, 64 * 64), dtype=np.float32) - 0.5)
    row = np.floor(v).astype(np.int32)
    nearest = np.full((height, width), 9, np.float32)
    second = nearest.copy()
    for i in (row - 1, row, row + 1):
        shift = (i & 1) * np.float32(0.5)
        column = np.floor(u - shift).astype(np.int32)
        for j in (column - 1, column, column + 1):
            cell = (i & 63) * 64 + (j & 63)
            du = u - shift - j.astype(np.float32) - 0.5 - stray_u.take(cell)
            dv = (v - i.astype(np.float32) - 0.5 - stray_v.take(cell)) * np.float32(0.866)
            distance = du * du + dv * dv
            second = np.minimum(second, np.maximum(nearest, distance))
            nearest = np.minimum(nearest, distance)
    cells = 1 - np.sqrt(nearest / second)
    full = Image.fromarray(cells).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(full), 0, 1)


def network(rng: np.random.Generator, spacing: float, jitter: float, thickness: float = 0.35) -> np.ndarray:
    """Lines of a pigment network on the lesion plane, 0..1.

    Args:
        spacing: pixels between two holes.
        jitter: 0 for a regular network, towards 1 for an atypical one; its lines also vary more in width.
        thickness: 0..1, how little room the holes have.
    """
    uneven = thickness * (1 + 0.45 * jitter * cloud(rng, spacing * 3))
    return smoothstep(0.16, -0.16, mesh(rng, spacing, jitter) - uneven)


def ridges(rng: np.random.Generator, spacing: float, wobble: float) -> np.ndarray:
    """Winding parallel bands `spacing` pixels apart, -1..1; float32."""
    x, y = plane()
    angle = rng.uniform(0, np.pi)
    across = math.cos(angle) * x + math.sin(angle) * y + wobble * cloud(rng, spacing * 4)
    return np.cos(np.float32(2 * np.pi / spacing) * across + np.float32(rng.uniform(0, 2 * np.pi)))


def drawn(marks: Callable[["Pen"], None], blur: float = 0.0) -> np.ndarray:
    """What `marks` draws on an empty lesion plane, anti-aliased, 0..1; `blur` is a standard deviation in pixels."""
    image = Image.new("L", (SIDE * _OVERSAMPLING, SIDE * _OVERSAMPLING))
    marks(Pen(image))
    image = image.reduce(_OVERSAMPLING)
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(image, np.float32) / 255


class Pen:
    """Draws on the lesion plane in pixels from its centre, with strengths in 0..1; later marks cover earlier ones."""

    def __init__(self, image: Image.Image):
        self._draw = ImageDraw.Draw(image)

    def line(self, points: np.ndarray, width: float, strength: float = 1.0) -> None:
        """A curve through `points`, shape (n, 2)."""
        path = [tuple(p) for p in self._pixels(points)]
        self._draw.line(path, fill=_level(strength), width=max(1, round(width * _OVERSAMPLING)), joint="curve")

    def dot(self, centre: np.ndarray, radius: float, strength: float = 1.0) -> None:
        """A filled circle."""
        x, y = self._pixels(centre)
        r = radius * _OVERSAMPLING
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=_level(strength))

    def blob(self, centre: np.ndarray, radii: Sequence[float], turn: float, strength: float = 1.0) -> None:
        """A filled oval with two radii, turned by `turn` radians."""
        t = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        a, b = radii[0] * np.cos(t), radii[1] * np.sin(t)
        edge = np.stack([a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)], axis=1)
        self.area(np.asarray(centre) + edge, strength)

    def area(self, corners: np.ndarray, strength: float = 1.0) -> None:
        """A filled polygon, shape (n, 2)."""
        self._draw.polygon([tuple(p) for p in self._pixels(corners)], fill=_level(strength))

    @staticmethod
    def _pixels(points: np.ndarray) -> np.ndarray:
        return (np.asarray(points, float) + SIDE / 2) * _OVERSAMPLING


def _level(strength: float) -> int:
    return int(round(255 * min(max(strength, 0.0), 1.0)))
