"""A picture on which no check fires: a lesion on skin, drawn at the size of a published image of HAM10000."""

import numpy as np
from scipy import ndimage

HIGH, WIDE = 450, 600


def lesion_on_skin(centre: tuple[float, float] = (0.5, 0.5), radius: float = 0.24) -> np.ndarray:
    """A brown disc with an uneven surface on skin, uint8 (450, 600, 3); centre and radius in heights of the picture,
    the centre across in widths.
    """
    chance = np.random.default_rng(0)
    down, across = np.ogrid[:HIGH, :WIDE]
    away = np.hypot(down - centre[0] * HIGH, across - centre[1] * WIDE) / HIGH
    inside = (1 / (1 + np.exp((away - radius) / 0.006)))[..., None]
    grain = sum(ndimage.gaussian_filter(chance.normal(size=(HIGH, WIDE)), sigma) * sigma * weight
                for sigma, weight in ((1, 0.14), (3, 0.10), (8, 0.06)))[..., None]
    skin, brown = np.array([0.80, 0.62, 0.58]), np.array([0.45, 0.30, 0.24])
    return ((skin * (1 - inside) + brown * inside + grain).clip(0, 1) * 255).astype(np.uint8)
