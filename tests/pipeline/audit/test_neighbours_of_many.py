"""Many images are compared in less than all pairs: near hashes are all found, and how many of the neighbours is told.
"""

import numpy as np
import pytest

from pipeline.audit import near_duplicates
from pipeline.audit.hash_buckets import HashBuckets
from pipeline.audit.image_features import whitened
from pipeline.audit.near_duplicates import similar_pairs
from pipeline.audit.neighbour_cells import NeighbourCells


def plain_pairs(hashes: np.ndarray, others: np.ndarray, most: int) -> dict[tuple[int, int], int]:
    """Every pair with at most so many differing bits in any orientation, each compared with each."""
    bits = np.bitwise_count(hashes[:, None, None] ^ others[None]).min(axis=2)
    return {(int(a), int(b)): int(bits[a, b]) for a, b in np.argwhere(bits <= most)}


def bent(rng: np.random.Generator, hashes: np.ndarray, bits: int) -> np.ndarray:
    """The hashes with that many bits changed in each."""
    changed = hashes.copy()
    for row in range(len(hashes)):
        for bit in rng.choice(64, bits, replace=False):
            changed[row] ^= np.uint64(1) << np.uint64(bit)
    return changed


def found_by(buckets: HashBuckets, others: np.ndarray) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for near in buckets.near(others):
        for row, other, bits in zip(near.row.tolist(), near.other.tolist(), near.bits.tolist(), strict=True):
            assert (row, other) not in found
            found[row, other] = bits
    return found


@pytest.mark.parametrize("most", [0, 3, 10])
def test_buckets_find_what_comparing_all_finds(most, monkeypatch):
    rng = np.random.default_rng(most)
    hashes = rng.integers(0, 2**63, 400, dtype=np.uint64)
    near = [bent(rng, hashes[:60], bits) for bits in (0, 1, most, most + 1)]
    crowd = np.full(50, hashes[0])  # a bucket that many share
    alone = np.concatenate([hashes, *near, crowd])
    others = rng.integers(0, 2**63, (len(alone), 8), dtype=np.uint64)
    others[:, 3] = alone[::-1]
    others[:40, 5] = alone[:40]
    wanted = plain_pairs(alone, others, most)
    assert len(wanted) > 2_500
    assert found_by(HashBuckets(alone, most), others) == wanted
    monkeypatch.setattr("pipeline.audit.hash_buckets._AT_ONCE", 64)  # few at a time, as of many more images
    assert found_by(HashBuckets(alone, most), others[:100]) == {
        pair: bits for pair, bits in wanted.items() if pair[1] < 100
    }


def test_nothing_is_near_nothing():
    none = np.empty(0, dtype=np.uint64)
    assert found_by(HashBuckets(none, 10), np.zeros((3, 8), dtype=np.uint64)) == {}
    assert found_by(HashBuckets(np.zeros(3, dtype=np.uint64), 10), none.reshape(0, 8)) == {}


def clustered(images: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, 40) and hashes (N, 8) of images of which every tenth has a twin, more or less alike."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(images, 40)).astype(np.float32)
    hashes = rng.integers(0, 2**63, (images, 8), dtype=np.uint64)
    for n in range(0, images - 1, 10):
        features[n + 1] = features[n] + rng.uniform(0, 0.6) * rng.normal(size=40)
        hashes[n + 1] = hashes[n]
    return features, hashes


def test_cells_compare_each_pair_once_and_say_which():
    features, _ = clustered(600)
    vectors = whitened(features)
    cells = NeighbourCells(vectors)
    found = [pair for a, b, _ in cells.pairs(0.2) for pair in zip(a.tolist(), b.tolist(), strict=True)]
    assert len(found) == len(set(found))
    cosines = vectors @ vectors.T
    a, b = np.nonzero(np.triu(cosines >= 0.2, 1))
    met = cells.meet(a, b)
    assert set(found) == set(zip(a[met].tolist(), b[met].tolist(), strict=True))
    assert 0.2 < met.mean() < 1  # not all are compared
    assert met[cosines[a, b] > 0.8].all()  # but those that are much alike
    again = NeighbourCells(vectors).pairs(0.2)
    assert [pair for a, b, _ in again for pair in zip(a.tolist(), b.tolist(), strict=True)] == found


def test_of_many_images_the_most_similar_pairs_are_those_of_all(monkeypatch):
    features, hashes = clustered(1500)
    everything = similar_pairs(features, hashes)
    monkeypatch.setattr(near_duplicates, "ALL_PAIRS", 100)
    some = similar_pairs(features, hashes)
    assert everything.found_share == 1 and some.threshold == 0.5
    pairs = [set(zip(one.pairs["a"], one.pairs["b"], strict=True)) for one in (everything, some)]
    assert pairs[1] <= pairs[0]
    alike = everything.pairs[everything.pairs["similarity"] > 0.7]
    assert len(alike) > 100 and set(zip(alike["a"], alike["b"], strict=True)) <= pairs[1]
    assert not some.pairs.duplicated(["a", "b"]).any()
    # a third of the images is the sample
    assert some.found_share == pytest.approx(len(pairs[1]) / len(pairs[0]), abs=0.06)
    merged = some.pairs.merge(everything.pairs, on=["a", "b"])
    np.testing.assert_allclose(merged["similarity_x"], merged["similarity_y"], atol=2e-3)  # of half precision


def test_of_too_many_pairs_the_most_similar_stay_and_the_threshold_rises(monkeypatch):
    features, hashes = clustered(1500)
    everything = similar_pairs(features, hashes).pairs
    monkeypatch.setattr(near_duplicates, "_MOST_KEPT", 40)
    kept, threshold, _ = similar_pairs(features, hashes)
    assert 40 <= len(kept) <= 120 and threshold > 0.5
    assert kept["similarity"].min() >= threshold
    expected = everything[everything["similarity"] >= threshold]
    assert kept.equals(expected.reset_index(drop=True))
