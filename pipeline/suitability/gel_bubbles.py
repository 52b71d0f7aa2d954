"""Bubbles of air in the gel or liquid under a dermatoscope: small thin dark rings."""

from functools import lru_cache

import numpy as np
from scipy import fft

from pipeline.suitability.ridges import dark_ridges
from pipeline.suitability.scores import Score
from pipeline.suitability.standard import Standard

RADII = (3.0, 4.5, 6.0, 7.5, 9.0, 11.0, 13.5, 16.5)  # pixels of the wide picture
_SCALE, _FULL = 1.0, 0.02  # pixels; luma at which a line counts in full
_THICK = 1.0  # standard deviation of a ring's thickness, pixels
_SHOWN = 0.4  # coverage of the rings that are shown


def gel_bubbles(picture: Standard) -> Score:
    """Which part of the fullest ring is covered by thin dark lines that run along it, 0..1."""
    if picture.wide is None:
        return Score(np.nan)
    covered = ring_coverage(picture.wide)
    mask = np.zeros(picture.wide.shape, bool)
    down, right = np.ogrid[:mask.shape[0], :mask.shape[1]]
    for radius, cover in zip(RADII, covered, strict=True):
        for centre in np.argwhere((cover > _SHOWN) & (cover == cover.max())):
            mask |= np.hypot(down - centre[0], right - centre[1]) <= radius + 1
    return Score(float(covered.max()), mask)


def ring_coverage(luma: np.ndarray) -> np.ndarray:
    """(radii, h, w): around each pixel, how much of the ring of each of RADII is covered by lines along it, at most 1;
    lines that run through a ring count against it, and what lies beyond the picture is missing.

    Each line votes with exp(2iθ) of its direction across, as circles are voted for by the direction of their edges in
    Ballard's generalised Hough transform (1981, doi:10.1016/0031-3203(81)90009-1), here as a correlation.
    """
    ridges = dark_ridges(luma, _SCALE)
    votes = np.where(ridges.line, np.clip(ridges.strength / _FULL, 0, 1), 0) * ridges.across
    height, width = luma.shape
    beyond = int(max(RADII) + 4 * _THICK) + 1
    size = (fft.next_fast_len(height + beyond, real=True), fft.next_fast_len(width + beyond, real=True))
    flat, steep = (fft.rfft2(part.astype(np.float32), size) for part in (votes.real, votes.imag))
    return np.stack([fft.irfft2(flat * cosine + steep * sine, size)[:height, :width] for cosine, sine in _rings(size)])


@lru_cache(maxsize=2)
def _rings(size: tuple[int, int]) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """For each radius the spectra of cos(2φ) and of sin(2φ) along a ring whose weights sum to 1."""
    down, right = (np.fft.fftfreq(side, 1 / side) for side in size)
    away, angle = np.hypot(down[:, None], right[None]), np.arctan2(down[:, None], right[None])
    made = []
    for radius in RADII:
        weight = np.exp(-((away - radius) / _THICK) ** 2 / 2)
        weight /= weight.sum()
        made.append(tuple(fft.rfft2((weight * of(2 * angle)).astype(np.float32)) for of in (np.cos, np.sin)))
    return tuple(made)
