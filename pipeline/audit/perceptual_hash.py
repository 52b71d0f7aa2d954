"""Perceptual hashes: 64 or 256 bits that stay nearly the same when an image is recompressed, resized or relit.

The hash is pHash (Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions, chapter 3): the
signs of the 8 × 8 lowest frequencies of the discrete cosine transform of a 32 × 32 grey image, each against their
median. Turning or mirroring a square image only swaps and negates frequencies, so the hashes of all eight orientations
come from one transform. The 16 × 16 lowest frequencies tell one round lesion from another too: see `detailed_hashes`.
"""

import numpy as np
from PIL import Image

BITS = 64
ORIENTATIONS = 8
WORDS = 4  # of 64 bits, of a detailed hash
_SIDE, _LOW, _DETAILED = 32, 8, 16


def grey_square(pixels: np.ndarray, side: int = _SIDE) -> np.ndarray:
    """(side, side) float32 grey levels of the central square of uint8 (height, width, 3) pixels."""
    height, width = pixels.shape[:2]
    shorter = min(height, width)
    top, left = (height - shorter) // 2, (width - shorter) // 2
    square = Image.fromarray(pixels).convert("L").crop((left, top, left + shorter, top + shorter))
    return np.asarray(square.resize((side, side), Image.Resampling.BOX), dtype=np.float32)


def orientation_hashes(squares: np.ndarray) -> np.ndarray:
    """(N, 8) uint64 hashes of (N, 32, 32) grey images in the eight orientations; the first is the image as it is."""
    return _hashes(squares, _LOW)[..., 0]


def detailed_hashes(squares: np.ndarray) -> np.ndarray:
    """(N, 8, 4) uint64: as `orientation_hashes`, with 256 bits each.

    Among HAM10000's 10,015 images 87 pairs differ in at most 32 of them, 86 of these of one lesion.
    """
    return _hashes(squares, _DETAILED)


def _hashes(squares: np.ndarray, low: int) -> np.ndarray:
    from scipy.fft import dctn  # slow to import, and pages only read what an audit has stored

    kept = slice(1, low + 1)  # the constant and the frequencies along one axis alone are left out, as in the book
    found = dctn(squares, axes=(1, 2), norm="ortho")[:, kept, kept]
    odd = np.where(np.arange(found.shape[1]) % 2 == 0, -1, 1)  # the first frequency kept is 1: mirroring negates it
    turned = [
        base * down[:, None] * across
        for base in (found, found.transpose(0, 2, 1))
        for down in (np.abs(odd), odd)
        for across in (np.abs(odd), odd)
    ]
    coefficients = np.stack(turned, axis=1).reshape(len(squares), ORIENTATIONS, low**2)
    bits = coefficients > np.median(coefficients, axis=2, keepdims=True)
    return np.packbits(bits, axis=2).view(np.uint64)


def oriented(squares: np.ndarray) -> np.ndarray:
    """(N, 8, side, side): square images (N, side, side) in the eight orientations, in the order of the hashes."""
    return np.stack([
        base[:, ::down, ::across]
        for base in (squares, squares.transpose(0, 2, 1)) for down in (1, -1) for across in (1, -1)
    ], axis=1)


def hash_distances(hashes: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(P,) fewest differing bits, 0..64, between the images `a` (P,) and `b` (P,) in any orientation of `b`.

    Args:
        hashes: (N, 8) of `orientation_hashes`, which `a` and `b` index.
    """
    return np.bitwise_count(hashes[a, :1] ^ hashes[b]).min(axis=1).astype(int)
