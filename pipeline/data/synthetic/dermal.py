"""Structures of lesions of vessels and connective tissue: vascular lesion (vasc) and dermatofibroma (df).

Each function draws one lesion inside an outline; `strength` in 0..1 says how distinct its structures are.
"""

import numpy as np

from pipeline.data.synthetic import vessels
from pipeline.data.synthetic.colour import Chromophores
from pipeline.data.synthetic.fields import Pen, cloud, drawn, mesh, network, smoothstep
from pipeline.data.synthetic.shapes import Outline


def vascular_lesion(rng: np.random.Generator, outline: Outline, strength: float) -> Chromophores:
    """Well-demarcated red to purple lacunae, parted by paler septa, in part under a white veil."""
    cover = outline.coverage
    lacunae, dark = _lacunae(rng, outline)
    amounts = Chromophores(blood=rng.uniform(0.5, 0.85) * cover)
    amounts.blood += (0.45 + 0.75 * strength) * lacunae * (0.85 + 0.12 * cloud(rng, 14))
    purple = rng.uniform(0.0, 0.9)
    amounts.melanin = strength * dark * (0.35 + 0.7 * purple)
    amounts.veil = strength * 0.55 * purple * np.maximum(dark, 0.35 * lacunae)
    white = smoothstep(0.3, 1.2, cloud(rng, 34)) * smoothstep(1.0, 0.75, outline.share)
    amounts.scar = rng.uniform(0.15, 0.5) * white * (1 - 0.5 * lacunae)
    return amounts


def _lacunae(rng: np.random.Generator, outline: Outline) -> tuple[np.ndarray, np.ndarray]:
    """All lacunae, and the dark (thrombosed) ones among them, each 0..1; packed between septa or lying apart."""
    size = rng.uniform(8, 14)
    thrombosed_share = rng.uniform(0.05, 0.5)
    if rng.random() < 0.5:
        cells = mesh(rng, size * 2.0, 0.7)
        filling = (0.75 + 0.25 * np.tanh(cloud(rng, size * 2))) * smoothstep(1.0, 0.9, outline.share)
        every = smoothstep(0.14, 0.42, cells + 0.06 * cloud(rng, 6)) * filling
        dark = every * smoothstep(0.9 - thrombosed_share, 1.3 - thrombosed_share, cloud(rng, size * 2.5))
        return every, dark
    centres = outline.scatter(rng, 70, size * 1.3, (0.0, 0.88))
    reach = size * rng.uniform(0.35, 1.0, len(centres))
    levels = rng.uniform(0.5, 1.0, len(centres))
    thrombosed = rng.random(len(centres)) < thrombosed_share
    # Two or three overlapping ovals each: lacunae are lobed, not round.
    offsets, radii = rng.normal(0, 0.4, (len(centres), 3, 2)), rng.uniform(0.5, 1.0, (len(centres), 3, 2))
    turns = rng.uniform(0, np.pi, (len(centres), 3))

    def lakes(pen: Pen, chosen: np.ndarray) -> None:
        for i in np.flatnonzero(chosen):
            for lobe in range(3):
                pen.blob(centres[i] + reach[i] * offsets[i, lobe], reach[i] * radii[i, lobe], turns[i, lobe], levels[i])

    every = drawn(lambda pen: lakes(pen, np.ones(len(centres), bool)), 1.0)
    return every, drawn(lambda pen: lakes(pen, thrombosed), 1.6)


def dermatofibroma(rng: np.random.Generator, outline: Outline, strength: float) -> Chromophores:
    """A central white patch, scar-like, in a delicate brown network that fades into the skin."""
    share = outline.share + 0.05 * cloud(rng, 14)
    cover = outline.coverage
    centre = rng.uniform(0.42, 0.6)
    rim = smoothstep(centre - 0.25, centre + 0.1, share)
    lines = network(rng, rng.uniform(8, 10), 0.5, 0.26)
    depth = rng.uniform(0.35, 0.65)
    melanin = depth * (0.4 + 0.12 * cloud(rng, 24) + strength * 0.75 * lines) * rim
    amounts = Chromophores(melanin=melanin * cover)
    amounts.blood = (0.1 + rng.uniform(0.05, 0.22) * smoothstep(0.95, 0.3, share)) * cover
    patch = smoothstep(centre + 0.08, centre - 0.22, share)
    white_lines = smoothstep(0.35, 0.9, network(rng, 14, 0.9, 0.3))
    amounts.scar = patch * strength * (0.5 + 0.28 * white_lines + 0.05 * cloud(rng, 8))
    if rng.random() < 0.4:
        amounts.blood += 0.6 * strength * vessels.dotted(rng, outline, 25, (0.0, centre))
    return amounts
