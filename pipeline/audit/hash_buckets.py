"""Hashes that differ in few bits, found without comparing all with all: multi-index hashing.

Norouzi, Punjani & Fleet 2012 (Fast search in Hamming space with multi-index hashing): where two hashes of 64 bits
differ in at most r, one of their four words of 16 bits differs in at most r // 4. So each word is looked up in buckets
of words, as it is and with so few bits changed, and only what lies there is compared. Nothing is missed.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_WORDS, _WORD_BITS = 4, 16
_AT_ONCE = 2**22  # comparisons in memory together


class NearHashes(NamedTuple):
    """Pairs (P,) of a row of the indexed hashes and a row of those asked about, and the fewest bits in which they
    differ in any orientation; in ascending order of `other`, then of `row`."""

    row: np.ndarray
    other: np.ndarray
    bits: np.ndarray


class HashBuckets:
    """The buckets of some hashes.

    Args:
        hashes: (N,) uint64.
        most_bits: in which a near one may differ.
    """

    def __init__(self, hashes: np.ndarray, most_bits: int):
        self._hashes, self._most = np.ascontiguousarray(hashes), most_bits
        words = _words(self._hashes)
        self._order = [np.argsort(words[:, place], kind="stable") for place in range(_WORDS)]
        values = np.arange(2**_WORD_BITS + 1)
        self._starts = [
            np.searchsorted(words[order, place], values) for place, order in enumerate(self._order)
        ]
        every = np.arange(2**_WORD_BITS, dtype=np.uint16)
        self._changes = every[np.bitwise_count(every) <= most_bits // _WORDS]

    def near(self, others: np.ndarray) -> Iterator[NearHashes]:
        """The near ones of `others` (M, orientations) uint64, some of `others` at a time, in their order."""
        expected = len(self._changes) * max(len(self._hashes) / 2**_WORD_BITS, 1) * others.shape[1]
        block = max(1, int(_AT_ONCE / expected))
        for start in range(0, len(others), block):
            found = self._near(others[start : start + block])
            yield found._replace(other=found.other + start)

    def _near(self, others: np.ndarray) -> NearHashes:
        asked = np.ascontiguousarray(others).ravel()
        none = np.empty(0, dtype=np.int64)
        parts = [(none, none, none)]
        for word in range(_WORDS):
            parts += self._near_by_word(asked, word)
        rows, places, bits = (np.concatenate(one) for one in zip(*parts, strict=True))
        other = places // others.shape[1]
        order = np.lexsort((bits, rows, other))  # of each pair the orientation with the fewest bits comes first
        rows, other, bits = rows[order], other[order], bits[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = (rows[1:] != rows[:-1]) | (other[1:] != other[:-1])
        return NearHashes(rows[first], other[first], bits[first])

    def _near_by_word(self, asked: np.ndarray, word: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Rows, places in `asked` and bits of what lies in the buckets of that word, and is not found by an earlier."""
        keys = (_words(asked)[:, word, None] ^ self._changes).ravel().astype(np.int64)
        starts = self._starts[word][keys]
        sizes = self._starts[word][keys + 1] - starts
        filled = np.flatnonzero(sizes)
        until = np.cumsum(sizes[filled])
        begin = 0
        while begin < len(filled):
            before = until[begin - 1] if begin else 0
            end = max(begin + 1, int(np.searchsorted(until, before + _AT_ONCE, side="right")))
            some = filled[begin:end]
            offsets = np.arange(sizes[some].sum()) - np.repeat(until[begin:end] - sizes[some] - before, sizes[some])
            rows = self._order[word][np.repeat(starts[some], sizes[some]) + offsets]
            places = np.repeat(some // len(self._changes), sizes[some])
            differing = self._hashes[rows] ^ asked[places]
            bits = np.bitwise_count(differing)
            near = bits <= self._most
            near[near] &= ~self._found_earlier(differing[near], word)
            yield rows[near], places[near], bits[near].astype(np.int64)
            begin = end

    def _found_earlier(self, differing: np.ndarray, word: int) -> np.ndarray:
        of_words = np.bitwise_count(_words(differing)[:, :word])
        return (of_words <= self._most // _WORDS).any(axis=1)


def _words(hashes: np.ndarray) -> np.ndarray:
    """(N, 4) uint16 of (N,) uint64."""
    return np.ascontiguousarray(hashes).view(np.uint16).reshape(-1, _WORDS)
