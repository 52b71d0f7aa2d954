"""Pairs of images that look like the same photograph or lesion under two lesion_ids.

Two signs are combined. The embedding is EfficientNet-Lite0's pooled ImageNet features, whitened (Jégou & Chum 2012,
Negative evidences and co-occurences in image retrieval: without it what all images of a camera share, such as a dark
rim, outweighs the lesion); it forgives zoom and shift. The perceptual hash, over eight orientations, forgives turning.

Up to ALL_PAIRS images are compared all with all. Of more, those are that share a hash but for a few bits (none of them
is missed), and those that are neighbours by their embeddings, of which a sample tells how many are found.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.audit.hash_buckets import HashBuckets
from pipeline.audit.image_features import whitened
from pipeline.audit.neighbour_cells import NeighbourCells
from pipeline.audit.perceptual_hash import BITS, hash_distances
from pipeline.progress import Progress, silent

THRESHOLD = 0.5  # in HAM10000 pairs of one lesion are seldom below it, and most pairs just above it are look-alikes
MOST = 300  # pairs that a person can look through
ALL_PAIRS = 50_000  # images; to compare so many takes a core half a minute, and grows with their square
_MOST_KEPT = 1_000_000  # pairs; where more reach the threshold, the most similar
_BLOCK = 1024
_HASH_SHARE = 0.2  # of the similarity; by precision on HAM10000's own pairs of one lesion
_NEAR_BITS = 10  # in which the hashes of images differ that are compared whatever their embeddings
_SAMPLE = 500  # images that are compared with all, to tell how many pairs are found
_ENOUGH = (THRESHOLD - _HASH_SHARE) / (1 - _HASH_SHARE)  # a cosine: no hash can lift a smaller one

_Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows a < b, and their cosines


class SimilarPairs(NamedTuple):
    """What `similar_pairs` finds.

    Attributes:
        pairs: a, b: rows of the images, a < b; similarity. The most similar first.
        threshold: the least similarity that was asked for: THRESHOLD, or more where too many pairs reach that.
        found_share: of the pairs that reach the threshold, the share that is found, 0..1, by a sample of the images;
            1 where all were compared, NaN where the sample has no such pair.
    """

    pairs: pd.DataFrame
    threshold: float
    found_share: float


def similar_pairs(features: np.ndarray, hashes: np.ndarray, progress: Progress = silent) -> SimilarPairs:
    """The pairs whose similarity is at least THRESHOLD.

    The similarity, 0..1, is 0.8 times the cosine of the whitened features plus 0.2 times the agreement of the hashes,
    1 where they are equal and 0 from half of the bits on; neither below 0.

    Args:
        features: (N, K) of `describe_images`, and `hashes` (N, 8).

    Raises:
        Cancelled: by `progress`.
    """
    many = len(features) > ALL_PAIRS
    vectors = whitened(features, "float16" if many else "float32")
    cells = NeighbourCells(vectors, progress=progress) if many else None
    found = _all_pairs(vectors, progress) if cells is None else _near_pairs(vectors, hashes, cells, progress)
    kept = _MostSimilar()
    for pairs in found:
        kept.add(_similar(pairs, hashes, kept.threshold))
    share = 1.0 if cells is None else _found_share(vectors, hashes, cells, kept.threshold)
    return SimilarPairs(kept.sorted(), kept.threshold, share)


def _similar(pairs: _Pairs, hashes: np.ndarray, least: float) -> pd.DataFrame:
    a, b, cosine = pairs
    agreement = np.maximum(1 - hash_distances(hashes, a, b) / (BITS / 2), 0)
    similarity = np.clip((1 - _HASH_SHARE) * cosine + _HASH_SHARE * agreement, 0, 1)
    return pd.DataFrame({"a": a, "b": b, "similarity": similarity})[similarity >= least]


class _MostSimilar:
    """Pairs as they are found; of too many the most similar stay, and the threshold rises to the least of these."""

    def __init__(self) -> None:
        self.threshold = THRESHOLD
        self._parts: list[pd.DataFrame] = []
        self._pairs = 0

    def add(self, pairs: pd.DataFrame) -> None:
        self._parts.append(pairs)
        self._pairs += len(pairs)
        if self._pairs > 2 * _MOST_KEPT:
            together = pd.concat(self._parts)
            self.threshold = float(np.partition(together["similarity"].to_numpy(), -_MOST_KEPT)[-_MOST_KEPT])
            self._parts = [together[together["similarity"] >= self.threshold]]
            self._pairs = len(self._parts[0])

    def sorted(self) -> pd.DataFrame:
        return pd.concat(self._parts).sort_values(
            ["similarity", "a", "b"], ascending=[False, True, True], ignore_index=True)


def _all_pairs(vectors: np.ndarray, progress: Progress) -> Iterator[_Pairs]:
    """Each pair with enough of a cosine."""
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors[start:].T
        a, b = np.nonzero(cosines >= _ENOUGH)
        yield a[b > a] + start, b[b > a] + start, cosines[a, b][b > a]
        progress(0.86 + 0.08 * min(1, (start + _BLOCK) / len(vectors)), "Compares each image with all others.")


def _near_pairs(
    vectors: np.ndarray, hashes: np.ndarray, cells: NeighbourCells, progress: Progress
) -> Iterator[_Pairs]:
    """Likewise, of the pairs that share a cell or, but for a few bits, a hash."""

    def cells_done(fraction: float | None, sentence: str) -> None:
        progress(None if fraction is None else 0.86 + 0.06 * fraction, sentence)

    yield from cells.pairs(_ENOUGH, cells_done)
    for near in HashBuckets(hashes[:, 0], _NEAR_BITS).near(hashes):
        once = near.row < near.other
        a, b = near.row[once], near.other[once]
        new = ~cells.meet(a, b)
        for start in range(0, int(new.sum()), _BLOCK):
            first, second = a[new][start : start + _BLOCK], b[new][start : start + _BLOCK]
            cosine = np.einsum("nd,nd->n", vectors[first].astype(np.float32), vectors[second].astype(np.float32))
            enough = cosine >= _ENOUGH
            yield first[enough], second[enough], cosine[enough]
        progress(None, "Compares images whose hashes are nearly the same.")


def _found_share(vectors: np.ndarray, hashes: np.ndarray, cells: NeighbourCells, threshold: float) -> float:
    """The share of a sample's pairs that reach the threshold which `_near_pairs` gives."""
    sample = np.random.default_rng(0).choice(len(vectors), min(_SAMPLE, len(vectors)), replace=False)
    asked, found, there = vectors[sample].astype(np.float32), 0, 0
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK].astype(np.float32) @ asked.T
        rows, columns = np.nonzero(cosines >= _ENOUGH)
        a, b = rows + start, sample[columns]
        apart = a != b
        a, b, cosine = np.minimum(a, b)[apart], np.maximum(a, b)[apart], cosines[rows, columns][apart]
        pairs = _similar((a, b, cosine), hashes, threshold)
        a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
        by_hash = hash_distances(hashes, a, b) <= _NEAR_BITS
        there += len(pairs)
        found += int((cells.meet(a, b) | by_hash).sum())
    return found / there if there else float("nan")
