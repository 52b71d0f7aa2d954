"""Vessels as dermatoscopy names them: arborising, coiled (glomerular), dotted and linear irregular ones.

Each function returns amounts of blood on the lesion plane, 0..1, shape (SIDE, SIDE).
"""

import numpy as np

from pipeline.data.synthetic.fields import Pen, drawn
from pipeline.data.synthetic.shapes import Outline


def arborising(rng: np.random.Generator, outline: Outline, trunks: int) -> np.ndarray:
    """Thick stems that come in from the border and branch into ever finer ones, in focus."""

    def marks(pen: Pen) -> None:
        first = rng.uniform(-np.pi, np.pi)
        for i in range(trunks):
            angle = first + i * 2.4 + rng.normal(0, 0.3)
            inwards = angle + np.pi + rng.normal(0, 0.45)
            _branch(rng, pen, outline.at(angle, rng.uniform(0.75, 1.0)), inwards, outline.size * 1.25, 3.0, 0)

    return drawn(marks)


def _branch(
    rng: np.random.Generator, pen: Pen, start: np.ndarray, heading: float, length: float, width: float, order: int
) -> None:
    steps = max(4, int(length / 6))
    points = [np.asarray(start, float)]
    curl = rng.normal(0, 0.06)
    for i in range(steps):
        heading += curl + rng.normal(0, 0.22)
        points.append(points[-1] + 6 * np.array([np.cos(heading), np.sin(heading)]))
        if order < 3 and i > 0 and rng.random() < 0.34:
            side = rng.choice([-1, 1]) * rng.uniform(0.45, 1.0)
            left = length * (1 - i / steps)
            reach = max(12, left * rng.uniform(0.5, 0.9))
            _branch(rng, pen, points[-1], heading + side, reach, width * 0.62, order + 1)
    strength = 0.95 - 0.13 * order
    half = len(points) // 2
    pen.line(np.array(points[half:]), width * 0.75, strength)
    pen.line(np.array(points[: half + 1]), width, strength)


def coiled(rng: np.random.Generator, outline: Outline, count: int, gap: float = 8.0) -> np.ndarray:
    """Clusters of tiny curled-up vessels, like the tufts of a glomerulus."""
    t = np.linspace(0, 1, 16)

    def marks(pen: Pen) -> None:
        for centre in outline.scatter(rng, count, gap, (0.0, 0.88)):
            turns = rng.uniform(1.4, 2.4) * 2 * np.pi
            radius = rng.uniform(2.0, 4.2) * (0.25 + 0.75 * t)
            angle = rng.uniform(0, 2 * np.pi) + rng.choice([-1, 1]) * turns * t
            coil = centre + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
            pen.line(coil, 1.1, rng.uniform(0.6, 1))

    return drawn(marks)


def dotted(
    rng: np.random.Generator, outline: Outline, count: int, ring: tuple[float, float] = (0.0, 0.9)
) -> np.ndarray:
    """Red dots, 1 to 2 pixels in radius."""

    def marks(pen: Pen) -> None:
        for centre in outline.scatter(rng, count, 5.0, ring):
            pen.dot(centre, rng.uniform(0.9, 1.9), rng.uniform(0.5, 1))

    return drawn(marks)


def linear_irregular(rng: np.random.Generator, outline: Outline, count: int) -> np.ndarray:
    """Short serpentine vessels of uneven course, scattered."""

    def marks(pen: Pen) -> None:
        for centre in outline.scatter(rng, count, 9.0, (0.1, 0.9)):
            heading, points = rng.uniform(0, 2 * np.pi), [centre]
            for _ in range(rng.integers(3, 8)):
                heading += rng.normal(0, 0.8)
                points.append(points[-1] + 3.5 * np.array([np.cos(heading), np.sin(heading)]))
            pen.line(np.array(points), rng.uniform(1.0, 1.8), rng.uniform(0.5, 0.9))

    return drawn(marks)
