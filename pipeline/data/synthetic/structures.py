"""One generated lesion: its outline and the structures of its diagnosis, hard cases mixed with another diagnosis."""

from dataclasses import dataclass

import numpy as np

from pipeline.data.synthetic.colour import Chromophores
from pipeline.data.synthetic.dermal import dermatofibroma, vascular_lesion
from pipeline.data.synthetic.epithelial import actinic_keratosis, basal_cell_carcinoma, benign_keratosis
from pipeline.data.synthetic.melanocytic import melanoma, nevus
from pipeline.data.synthetic.shapes import HABITS, Outline, draw_outline

STRUCTURES = {
    "nv": nevus,
    "mel": melanoma,
    "bcc": basal_cell_carcinoma,
    "akiec": actinic_keratosis,
    "bkl": benign_keratosis,
    "vasc": vascular_lesion,
    "df": dermatofibroma,
}
# Which diagnoses a hard case of each may resemble, as they are confused in practice.
MIMICS = {
    "nv": ("mel", "df", "bkl"),
    "mel": ("nv", "bkl", "bcc"),
    "bcc": ("akiec", "vasc", "mel"),
    "akiec": ("bcc", "bkl"),
    "bkl": ("mel", "akiec", "nv"),
    "vasc": ("bcc", "mel"),
    "df": ("nv", "bcc"),
}
HARD_SHARE = 0.22


@dataclass(frozen=True)
class Lesion:
    """A lesion on its plane: where it lies and what it is made of."""

    outline: Outline
    amounts: Chromophores


def draw_lesion(rng: np.random.Generator, dx: str) -> Lesion:
    """A random lesion of diagnosis `dx` (one of STRUCTURES); the same generator state gives the same lesion."""
    hard = rng.random() < HARD_SHARE
    strength = rng.uniform(0.35, 0.65) if hard else rng.uniform(0.7, 1.0)
    mimic = rng.choice(MIMICS[dx])
    outline = draw_outline(rng, HABITS[mimic if hard and rng.random() < 0.5 else dx])
    amounts = STRUCTURES[dx](rng, outline, strength)
    if hard:
        amounts = amounts.blended(STRUCTURES[mimic](rng, outline, rng.uniform(0.6, 1.0)), rng.uniform(0.3, 0.62))
    return Lesion(outline, amounts)
