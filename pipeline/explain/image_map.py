"""A map of images: their embeddings in two dimensions, neighbours kept together as well as two dimensions allow."""

from collections.abc import Sequence

import numpy as np

SIDE = 100.0  # both coordinates lie in 0..SIDE
_COMPONENTS, _PERPLEXITY = 50, 30.0
_ROOM = 6.0  # between two maps


def image_map(embeddings: np.ndarray, seed: int = 0) -> np.ndarray:
    """Principal components, then t-SNE (van der Maaten & Hinton 2008, JMLR 9:2579) of them.

    Near means alike for the network. How far apart two groups lie, how large or how dense one is, means nothing.

    Args:
        embeddings: (N, D).
        seed: of the starting point; equal seeds give equal maps.

    Returns:
        (N, 2) float32 in 0..SIDE; fewer than four images are placed by their first two principal components.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    rows = np.asarray(embeddings, dtype=np.float64)
    if len(rows) < 2:
        return np.full((len(rows), 2), SIDE / 2, dtype=np.float32)
    places = PCA(min(_COMPONENTS, *rows.shape), random_state=seed).fit_transform(rows)
    if len(rows) >= 4:
        perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
        places = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(places)
    return on_the_map(np.pad(places, ((0, 0), (0, max(2 - places.shape[1], 0))))[:, :2])


def on_the_map(places: np.ndarray) -> np.ndarray:
    """Places (N, 2) of any scale as (N, 2) float32 that fill 0..SIDE."""
    span = np.ptp(places, axis=0)
    scaled = SIDE * (places - places.min(axis=0)) / np.where(span > 0, span, 1)
    return np.minimum(scaled, SIDE).astype(np.float32)  # in single precision SIDE * x / x can be just above SIDE


def beside(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Up to six maps, each (N, 2) in 0..SIDE, as one (N of all, 2) float32 in 0..SIDE: three beside each other in each
    of two rows, from the upper left, with room between them.
    """
    across, down = (SIDE - 2 * _ROOM) / 3, (SIDE - _ROOM) / 2
    placed = [
        np.column_stack([
            number % 3 * (across + _ROOM) + places[:, 0] * (across / SIDE),
            (1 - number // 3) * (down + _ROOM) + places[:, 1] * (down / SIDE),
        ])
        for number, places in enumerate(maps)
    ]
    return np.minimum(np.concatenate(placed), SIDE).astype(np.float32)


def inside(places: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """(N,) bool: which of `places` (N, 2) lie in the polygon `outline` (V, 2), by the number of edges to their right.
    """
    x, y = places[:, 0], places[:, 1]
    odd = np.zeros(len(places), dtype=bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        odd ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return odd
