"""Structures of epithelial lesions: basal cell carcinoma (bcc), actinic keratosis or Bowen's disease (akiec) and
benign keratosis (bkl).

Each function draws one lesion inside an outline; `strength` in 0..1 says how distinct its structures are.
"""

import numpy as np

from pipeline.data.synthetic import vessels
from pipeline.data.synthetic.colour import Chromophores
from pipeline.data.synthetic.fields import Pen, cloud, drawn, mesh, ridges, smoothstep
from pipeline.data.synthetic.shapes import Outline


def basal_cell_carcinoma(rng: np.random.Generator, outline: Outline, strength: float) -> Chromophores:
    """Pearly pink ground, arborising vessels, blue-grey ovoid nests, leaf-like areas, sometimes an ulcer."""
    cover = outline.coverage
    blood = (rng.uniform(0.12, 0.3) + 0.06 * cloud(rng, 24)) * cover
    blood += strength * rng.uniform(0.9, 1.3) * vessels.arborising(rng, outline, int(rng.integers(2, 5)))
    amounts = Chromophores(melanin=0.08 * cover, blood=blood)
    amounts.scar = rng.uniform(0.1, 0.3) * smoothstep(0.1, 1.2, cloud(rng, 26)) * cover
    if rng.random() < 0.85:
        nests = _ovoid_nests(rng, outline)
        amounts.veil = strength * 0.9 * nests
        amounts.melanin += strength * 0.35 * nests
    if rng.random() < 0.4:
        leaves = _leaf_like_areas(rng, outline)
        amounts.melanin += strength * 0.8 * leaves
        amounts.veil = np.maximum(amounts.veil, strength * 0.45 * leaves)
    if rng.random() < 0.35:
        ulcer = smoothstep(0.45, 0.2, outline.share + 0.1 * cloud(rng, 9))
        amounts.blood += strength * 1.3 * ulcer * smoothstep(-0.8, 0.8, cloud(rng, 6))
        amounts.keratin = strength * 0.4 * ulcer * smoothstep(0.2, 1.0, cloud(rng, 5))
    return amounts


def _ovoid_nests(rng: np.random.Generator, outline: Outline) -> np.ndarray:
    def marks(pen: Pen) -> None:
        for centre in outline.scatter(rng, int(rng.integers(3, 9)), 17.0, (0.15, 0.85)):
            size = rng.uniform(4.5, 10)
            pen.blob(centre, (size, size * rng.uniform(0.55, 0.85)), rng.uniform(0, np.pi), rng.uniform(0.7, 1))
        for centre in outline.scatter(rng, 14, 6.0, (0.1, 0.9)):
            pen.dot(centre, rng.uniform(1.0, 2.2), rng.uniform(0.4, 0.9))

    return drawn(marks, 1.5)


def _leaf_like_areas(rng: np.random.Generator, outline: Outline) -> np.ndarray:
    """Bulbous lobes joined at a base near the border, like a maple leaf."""

    def marks(pen: Pen) -> None:
        for _ in range(rng.integers(1, 4)):
            angle = rng.uniform(-np.pi, np.pi)
            base = outline.at(angle, 0.72)
            for turn in angle + np.array([-0.9, -0.3, 0.3, 0.9]) + rng.normal(0, 0.1, 4):
                reach = rng.uniform(7, 13)
                tip = base + reach * np.array([np.cos(turn), np.sin(turn)])
                pen.line(np.array([base, tip]), 3.0, 0.8)
                pen.blob(tip, (reach * 0.42, reach * 0.26), turn, 0.9)

    return drawn(marks, 0.9)


def actinic_keratosis(rng: np.random.Generator, outline: Outline, strength: float) -> Chromophores:
    """Red and scaly: a strawberry pattern on the face's kind, coiled vessels and brown dots in lines on Bowen's."""
    cover = outline.coverage
    mottled = 0.75 + 0.3 * cloud(rng, 18)
    amounts = Chromophores(blood=rng.uniform(0.22, 0.42) * mottled * cover)
    if rng.random() < 0.45:
        holes = mesh(rng, rng.uniform(14, 19), 0.6)
        amounts.blood += strength * 0.5 * smoothstep(0.6, 0.1, holes) * (1 + 0.3 * cloud(rng, 6)) * cover
        follicles = smoothstep(0.45, 0.75, holes) * smoothstep(-1.2, 0.2, cloud(rng, 22)) * cover
        amounts.keratin = strength * 0.5 * follicles
        amounts.melanin = 0.12 * cover
    else:
        patchy = smoothstep(-0.7, 0.5, cloud(rng, 40))
        amounts.blood += strength * 1.15 * vessels.coiled(rng, outline, int(outline.size * 1.1)) * patchy
        amounts.blood += strength * 0.9 * vessels.dotted(rng, outline, 60)
        if rng.random() < 0.6:
            amounts.melanin = rng.uniform(0.1, 0.25) * cover + strength * 1.1 * _dots_in_lines(rng, outline)
    flakes = smoothstep(0.0, 1.3, cloud(rng, 26) + 0.7 * cloud(rng, 8) + 0.45 * cloud(rng, 3.5))
    scale = flakes * smoothstep(1.0, 0.8, outline.share) * (0.8 + 0.2 * cloud(rng, 2.5))
    amounts.scar = (0.2 + 0.6 * strength) * scale * cover
    crust = smoothstep(1.2, 1.9, cloud(rng, 20) + 0.5 * cloud(rng, 6)) * cover
    amounts.keratin = np.maximum(amounts.keratin, 0.85 * strength * crust)
    return amounts


def _dots_in_lines(rng: np.random.Generator, outline: Outline) -> np.ndarray:
    """Brown dots on radial lines in part of the periphery."""

    def marks(pen: Pen) -> None:
        middle, spread = rng.uniform(-np.pi, np.pi), rng.uniform(0.7, 1.6)
        for angle in np.arange(middle - spread, middle + spread, 9.0 / outline.size):
            for share in np.arange(0.58, rng.uniform(0.9, 1.02), 5.0 / outline.size):
                pen.dot(outline.at(angle + rng.normal(0, 0.012), share), rng.uniform(0.9, 1.5), rng.uniform(0.6, 1))

    return drawn(marks)


def benign_keratosis(rng: np.random.Generator, outline: Outline, strength: float) -> Chromophores:
    """Sharp border, waxy browns; milia-like cysts, comedo-like openings and fissures, or a lentigo's fingerprint."""
    cover = outline.coverage
    amounts = Chromophores(blood=rng.uniform(0.02, 0.15) * cover)
    depth = rng.uniform(0.4, 0.85)
    if rng.random() < 0.25:
        lines = smoothstep(-0.2, 0.9, ridges(rng, rng.uniform(6, 8), 6.0))
        lines *= 1 + 0.5 * cloud(rng, 30)
        amounts.melanin = depth * (0.6 + strength * 0.4 * lines + 0.15 * cloud(rng, 25)) * cover
        return amounts
    fissures = smoothstep(0.55, 0.95, ridges(rng, rng.uniform(17, 25), 14.0)) * smoothstep(-0.3, 0.6, cloud(rng, 45))
    melanin = depth * (0.9 + 0.22 * cloud(rng, 20) + 0.08 * cloud(rng, 5)) + 0.55 * strength * fissures
    cysts = _round_plugs(rng, outline, int(rng.integers(6, 20)), (1.4, 4.2), 0.9)
    openings = _round_plugs(rng, outline, int(rng.integers(5, 18)), (1.8, 4.5), 0.5)
    melanin = melanin * (1 - 0.5 * cysts) + strength * 1.7 * openings
    amounts.melanin = melanin * cover
    waxy = 0.3 * smoothstep(-0.6, 1.0, cloud(rng, 30)) * cover
    amounts.keratin = np.clip(waxy * (1 - openings) - 0.4 * openings, 0, 1)
    amounts.scar = strength * 0.85 * cysts * (1 - openings) * cover
    return amounts


def _round_plugs(
    rng: np.random.Generator, outline: Outline, count: int, radii: tuple[float, float], blur: float
) -> np.ndarray:
    def marks(pen: Pen) -> None:
        for centre in outline.scatter(rng, count, 9.0, (0.0, 0.85)):
            size = rng.uniform(*radii)
            pen.blob(centre, (size, size * rng.uniform(0.7, 1)), rng.uniform(0, np.pi), rng.uniform(0.7, 1))

    return drawn(marks, blur)
