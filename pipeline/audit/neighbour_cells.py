"""Pairs of neighbouring vectors among many, without comparing all with all: cells around pivots.

Some of the vectors are pivots, by chance. Each vector lies in the cell of its nearest pivot, and is compared with what
lies in the cells of its nearest few (an inverted file, as in Jégou, Douze & Schmid 2011, Product quantization for
nearest neighbor search, with vectors of the set for centroids). With about √N pivots that is about N^1.5 comparisons.
Pairs that are little alike may be missed: `meet` says which pairs are compared, so that a sample tells how many.
"""

from collections.abc import Iterator

import numpy as np

from pipeline.progress import Progress, silent

_NEAREST = 32  # cells that a vector is compared with
_ROWS = 4096  # that are compared with all pivots together
_AT_ONCE = 2**23  # cosines in memory together


class NeighbourCells:
    """The cells of some vectors.

    Args:
        vectors: (N, D) of length 1, in any precision.
        seed: of the choice of the pivots; equal seeds give equal cells.
        progress: hears that the cells are made.

    Raises:
        Cancelled: by `progress`.
    """

    def __init__(self, vectors: np.ndarray, seed: int = 0, progress: Progress = silent):
        images = len(vectors)
        nearest = min(_NEAREST, images)
        pivots = min(images, max(nearest, round(np.sqrt(_NEAREST * images))))
        chosen = np.sort(np.random.default_rng(seed).choice(images, pivots, replace=False))
        centres = vectors[chosen].astype(np.float32).T
        self._vectors, self._near = vectors, np.empty((images, nearest), dtype=np.int32)
        for start in range(0, images, _ROWS):
            cosines = vectors[start : start + _ROWS].astype(np.float32) @ centres
            some = np.argpartition(-cosines, nearest - 1, axis=1)[:, :nearest]
            order = np.argsort(-np.take_along_axis(cosines, some, axis=1), axis=1, kind="stable")
            self._near[start : start + _ROWS] = np.take_along_axis(some, order, axis=1)
            progress(None, "Sorts the images into cells of similar ones.")
        self._pivots = pivots

    def meet(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(P,) bool: which of the pairs of rows `a` and `b` are compared."""
        return self._asks(a, b) | self._asks(b, a)

    def _asks(self, asking: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Whether the cell that `asked` lies in is among those that `asking` is compared with."""
        return (self._near[asking] == self._near[asked, :1]).any(axis=1)

    def pairs(self, least: float, progress: Progress = silent) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Rows a < b and cosine of the pairs that are compared and reach `least`, each once, some at a time.

        Raises:
            Cancelled: by `progress`.
        """
        nearest = self._near.shape[1]
        homes, asks = np.argsort(self._near[:, 0], kind="stable"), np.argsort(self._near.ravel(), kind="stable")
        cells = np.arange(self._pivots + 1)
        home_starts = np.searchsorted(self._near[homes, 0], cells)
        ask_starts = np.searchsorted(self._near.ravel()[asks], cells)
        for cell in range(self._pivots):
            members = homes[home_starts[cell] : home_starts[cell + 1]]
            asking = asks[ask_starts[cell] : ask_starts[cell + 1]] // nearest
            yield from self._pairs_of(members, asking, least)
            progress((cell + 1) / self._pivots, "Compares each image with its neighbours.")

    def _pairs_of(
        self, members: np.ndarray, asking: np.ndarray, least: float
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        if not len(members):
            return
        inside = self._vectors[members].astype(np.float32).T
        block = max(1, _AT_ONCE // len(members))
        for start in range(0, len(asking), block):
            rows = asking[start : start + block]
            cosines = self._vectors[rows].astype(np.float32) @ inside
            first, second = np.nonzero(cosines >= least)
            a, b, cosine = rows[first], members[second], cosines[first, second]
            once = a < b
            behind = np.flatnonzero(a > b)
            once[behind] = ~self._asks(b[behind], a[behind])  # else the other one of the two finds it
            yield np.minimum(a, b)[once], np.maximum(a, b)[once], cosine[once]
