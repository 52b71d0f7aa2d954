"""Outlines of generated lesions: where the lesion lies on its plane, how sharp its border is, and points inside it."""

from dataclasses import dataclass

import numpy as np

from pipeline.data.synthetic.fields import cloud, plane, smoothstep

_DIRECTIONS = 720


@dataclass(frozen=True)
class Habit:
    """What outlines of one diagnosis have in common; lengths in pixels of the lesion plane."""

    radius: tuple[float, float]  # mean radius, from and to
    elongation: float  # largest share by which one axis is longer
    asymmetry: float  # strength of the slow bulges, 0..1
    jagged: float  # strength of the fine notches, 0..1
    softness: tuple[float, float]  # width of the fading border, from and to
    bites: int = 0  # largest number of concave bites (moth-eaten border)


HABITS = {
    "nv": Habit((50, 100), 0.28, 0.10, 0.05, (9, 20)),
    "mel": Habit((68, 112), 0.38, 0.75, 0.75, (4, 12)),
    "bcc": Habit((55, 104), 0.32, 0.35, 0.25, (10, 24)),
    "akiec": Habit((56, 106), 0.40, 0.40, 0.45, (14, 30)),
    "bkl": Habit((58, 110), 0.38, 0.30, 0.12, (2, 5), bites=6),
    "vasc": Habit((46, 96), 0.30, 0.20, 0.15, (3, 8)),
    "df": Habit((50, 90), 0.20, 0.10, 0.06, (16, 30)),
}


@dataclass(frozen=True)
class Outline:
    """A lesion's place on the lesion plane.

    Attributes:
        radius: distance from the centre to the border in each of 720 directions, in pixels.
        depth: pixels inside the border (negative outside), shape (SIDE, SIDE).
        share: distance from the centre as a share of the border's distance: 0 centre, 1 border.
        angle: direction from the centre, -pi..pi.
        coverage: 0 on skin to 1 well inside, across the border's softness.
    """

    radius: np.ndarray
    depth: np.ndarray
    share: np.ndarray
    angle: np.ndarray
    coverage: np.ndarray

    @property
    def size(self) -> float:
        """Mean radius in pixels."""
        return float(self.radius.mean())

    def border(self, angle: float | np.ndarray) -> np.ndarray:
        """Distance from the centre to the border in the given direction."""
        return self.radius[_direction(np.asarray(angle))]

    def at(self, angle: float | np.ndarray, share: float | np.ndarray) -> np.ndarray:
        """Points (x, y) at a share of the border's distance; shape (…, 2)."""
        distance = self.border(angle) * share
        return np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=-1)

    def scatter(
        self, rng: np.random.Generator, count: int, gap: float = 0.0, ring: tuple[float, float] = (0.0, 0.95)
    ) -> np.ndarray:
        """Up to `count` random points in the `ring` of shares, at least `gap` pixels apart; shape (n, 2)."""
        shares = np.sqrt(rng.uniform(ring[0] ** 2, ring[1] ** 2, count * 3))
        points = self.at(rng.uniform(-np.pi, np.pi, count * 3), shares)
        kept = np.empty((0, 2))
        for point in points:
            if len(kept) == count:
                break
            if not len(kept) or ((kept - point) ** 2).sum(axis=1).min() >= gap**2:
                kept = np.vstack([kept, point])
        return kept


def draw_outline(rng: np.random.Generator, habit: Habit) -> Outline:
    """A random outline of the given habit; the same generator state gives the same outline."""
    t = np.linspace(-np.pi, np.pi, _DIRECTIONS, endpoint=False)
    elongation = rng.uniform(0, habit.elongation)
    shape = 1 + elongation * 0.5 * np.cos(2 * (t - rng.uniform(0, np.pi)))
    for k in range(1, 15):
        strength = habit.asymmetry * 0.14 / k if k < 5 else habit.jagged * 0.11 / k**0.75
        shape += strength * rng.uniform(0.4, 1.2) * np.cos(k * t + rng.uniform(0, 2 * np.pi))
    for _ in range(rng.integers(2, habit.bites + 1) if habit.bites else 0):
        away = np.angle(np.exp(1j * (t - rng.uniform(-np.pi, np.pi))))
        width = rng.uniform(0.10, 0.24)
        shape -= rng.uniform(0.05, 0.15) * np.clip(1 - (away / width) ** 2, 0, 1)
    mean_radius = rng.uniform(*habit.radius)
    radius = np.clip(mean_radius * shape / shape.mean(), 0.4 * mean_radius, 128).astype(np.float32)
    return _outline(rng, radius, rng.uniform(*habit.softness), habit.jagged)


def _outline(rng: np.random.Generator, radius: np.ndarray, softness: float, jagged: float) -> Outline:
    x, y = plane()
    angle = np.arctan2(y, x)
    distance = np.hypot(x, y)
    border = radius[_direction(angle)]
    depth = border - distance + (0.2 + 2 * jagged) * cloud(rng, 10) + softness * 0.15 * cloud(rng, 22)
    coverage = smoothstep(-softness * 0.5, softness * 0.5, depth)
    return Outline(radius, depth, distance / border, angle, coverage)


def _direction(angle: np.ndarray) -> np.ndarray:
    return ((angle + np.pi) * (_DIRECTIONS / (2 * np.pi))).astype(np.int32) % _DIRECTIONS
