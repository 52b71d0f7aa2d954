"""Structures of melanocytic lesions: nevus (nv) and melanoma (mel).

Each function draws one lesion inside an outline; `strength` in 0..1 says how distinct its structures are.
"""

import numpy as np

from pipeline.data.synthetic import vessels
from pipeline.data.synthetic.colour import Chromophores
from pipeline.data.synthetic.fields import Pen, cloud, drawn, network, plane, smoothstep
from pipeline.data.synthetic.shapes import Outline


def nevus(rng: np.random.Generator, outline: Outline, strength: float) -> Chromophores:
    """Symmetric, one or two browns: a regular pigment network, globules, or a structureless centre."""
    pattern = rng.choice(["reticular", "globular", "homogeneous"], p=[0.6, 0.22, 0.18])
    depth = rng.uniform(0.45, 1.15)
    inner = smoothstep(1.05, 0.15, outline.share)
    base = depth * (0.45 + 0.55 * inner) * (1 + 0.06 * cloud(rng, 30))
    if pattern == "reticular":
        lines = network(rng, rng.uniform(8.5, 11.5), 0.5, rng.uniform(0.28, 0.42))
        lines *= smoothstep(1.12, 0.75, outline.share)
        centre = smoothstep(0.5, 0.1, outline.share) * float(rng.choice([0, 0.5, 1]))
        base = 0.55 * base + strength * 0.75 * depth * np.maximum(lines * (1 - 0.6 * centre), 0.7 * centre)
    elif pattern == "globular":
        base = 0.55 * base + strength * 0.85 * depth * _globules(rng, outline, int(outline.size * 2.2), 5.5, (1.3, 3.0))
    else:
        ring = smoothstep(0.55, 0.9, outline.share) * smoothstep(1.1, 0.95, outline.share)
        lines = ring * network(rng, 9.5, 0.5, 0.35)
        base = base + 0.3 * strength * depth * lines
    redness = 0.16 if rng.random() < 0.25 else 0.03
    return Chromophores(melanin=base * outline.coverage, blood=redness * outline.coverage * inner)


def melanoma(rng: np.random.Generator, outline: Outline, strength: float) -> Chromophores:
    """Asymmetric, several colours, an atypical network, streaks, eccentric dots and a blue-white veil."""
    amounts = Chromophores()
    tilt = _tilt(rng, outline)
    patches = cloud(rng, 34) * 0.45 + tilt * 1.0
    # Three browns with fairly clear borders between them: light, dark, black.
    shade = 0.38 + 0.5 * smoothstep(-0.5, 0.1, patches) + (0.35 + 0.6 * strength) * smoothstep(0.55, 1.0, patches)
    atypical = network(rng, rng.uniform(12, 17), 0.95, rng.uniform(0.35, 0.5))
    atypical *= smoothstep(-0.2, 0.7, cloud(rng, 45)) * smoothstep(1.0, 0.0, patches)
    melanin = shade * (1 + 0.15 * cloud(rng, 7)) + strength * 0.8 * atypical
    dots = _globules(rng, outline, int(30 + 40 * strength), 5.0, (0.9, 3.0))
    melanin += strength * 1.1 * dots * smoothstep(0.0, 0.5, cloud(rng, 40) + 0.6 * tilt)
    amounts.melanin = np.maximum(melanin * outline.coverage, 1.5 * strength * _streaks(rng, outline))
    amounts.blood = (0.06 + 0.45 * strength * smoothstep(0.3, 1.1, cloud(rng, 40) - 0.5 * tilt)) * outline.coverage
    if rng.random() < 0.35:
        amounts.blood += 0.7 * strength * vessels.linear_irregular(rng, outline, 14)
    if rng.random() < 0.3 + 0.55 * strength:
        veil = smoothstep(0.0, 1.2, cloud(rng, 42) + 0.25 * cloud(rng, 12) + 0.7 * tilt - 0.5 * outline.share + 0.25)
        amounts.veil = 0.85 * strength * veil * smoothstep(1.0, 0.7, outline.share)
        # The veil's whitish, ground-glass film.
        amounts.scar = 0.22 * amounts.veil * smoothstep(-0.5, 1.2, cloud(rng, 16))
    if rng.random() < 0.35:
        regression = smoothstep(0.3, 1.8, cloud(rng, 36) + 0.35 * cloud(rng, 9) - 0.5 * tilt) * outline.coverage
        amounts.scar = np.maximum(amounts.scar, 0.7 * strength * regression)
    return amounts


def _tilt(rng: np.random.Generator, outline: Outline) -> np.ndarray:
    """From -1 to 1 across the lesion in a random direction: what is eccentric lies on the positive side."""
    x, y = plane()
    angle = rng.uniform(-np.pi, np.pi)
    return (np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y) / np.float32(outline.size)


def _globules(
    rng: np.random.Generator, outline: Outline, count: int, gap: float, radii: tuple[float, float]
) -> np.ndarray:
    def marks(pen: Pen) -> None:
        for centre in outline.scatter(rng, count, gap, (0.0, 0.93)):
            size = rng.uniform(*radii)
            pen.blob(centre, (size, size * rng.uniform(0.75, 1)), rng.uniform(0, np.pi), rng.uniform(0.65, 1))

    return drawn(marks, 0.6)


def _streaks(rng: np.random.Generator, outline: Outline) -> np.ndarray:
    """Radial lines, tapering or with bulbous ends (pseudopods), that leave the border in one or two sectors."""
    pseudopods = rng.random() < 0.4

    def marks(pen: Pen) -> None:
        for _ in range(rng.integers(1, 3)):
            middle, spread = rng.uniform(-np.pi, np.pi), rng.uniform(0.3, 0.8)
            for angle in np.arange(middle - spread, middle + spread, 5.0 / outline.size):
                angle += rng.normal(0, 0.03)
                # Long in the middle of the sector, dying away at its ends.
                reach = 1.03 + rng.uniform(0.02, 0.13) * (1.1 - abs(angle - middle) / spread)
                half, lean = rng.uniform(1.6, 3.2) / outline.size, rng.normal(0, 0.03)
                corners = outline.at(np.array([angle - half, angle + lean, angle + half]), np.array([0.8, reach, 0.8]))
                pen.area(np.clip(corners, -140, 140), rng.uniform(0.5, 1))
                if pseudopods and rng.random() < 0.6:
                    pen.dot(outline.at(angle + lean, reach - 0.02), rng.uniform(1.5, 3.0), rng.uniform(0.5, 0.9))

    return drawn(marks, 0.9)
