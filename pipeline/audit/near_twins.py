"""Near-twins: images, of one data set or of two, that show nearly the same, such as a picture stored twice.

Two images are near-twins where their perceptual hashes differ in few bits in some orientation, and where in one the
fine detail is the same too: hashes alone take any two round plain lesions for one. On HAM10000's squares 90 of 94 pairs
with a correlation of at least 0.7 share their lesion_id. Where few bits differ less is asked: rather a few look-alikes
count as well (351 pairs there, 127 of one lesion) than a twin be missed.
"""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from pipeline.audit.perceptual_hash import ORIENTATIONS, grey_square, orientation_hashes, oriented
from pipeline.data.cache import OnTheFlyPixels
from pipeline.data.dataset import Dataset
from pipeline.errors import WorkspaceError
from pipeline.files.arrays import Array, read_arrays
from pipeline.files.disk import replace_file
from pipeline.progress import Progress, silent

_VERSION = 1  # to be raised whenever other fingerprints are computed
_INPUT, _SIDE = 128, 64  # pixels: an image is decoded to the one, its detail compared at the other
_BLUR = 2.0  # pixels of _SIDE: what is coarser is light and shape, which look-alikes share
_MOST_BITS = 10
_BATCH, _BLOCK, _THREADS = 256, 64, 4
_STAMP = {"version": Array("iu", 0), "content_hash": Array("U", 0)}
_FINGERPRINTS = {**_STAMP, "hashes": Array("u", 2), "squares": Array("u", 3)}
_TWINS = {**_STAMP, "pairs": Array("iu", 2)}


class Fingerprints(NamedTuple):
    """`hashes` (N, 8) uint64 of `orientation_hashes`, and `squares` (N, 64, 64) uint8 grey levels, in the order of the
    data set's table."""

    hashes: np.ndarray
    squares: np.ndarray

    def of(self, rows: np.ndarray) -> "Fingerprints":
        """Those of some images."""
        return Fingerprints(self.hashes[rows], self.squares[rows])


def _stored(dataset: Dataset, name: str, wanted: dict[str, Array]) -> dict[str, np.ndarray] | None:
    """The arrays of a file beside the data set's cache, where they are of its images as they are."""
    try:
        found = read_arrays(dataset.folder / "cache" / name, wanted)
    except WorkspaceError:  # none yet, or damaged: made anew
        return None
    current = (int(found["version"]), str(found["content_hash"])) == (_VERSION, dataset.content_hash)
    return found if current else None


def _store(dataset: Dataset, name: str, **arrays: np.ndarray) -> None:
    stamped: dict[str, Any] = {
        "version": np.array(_VERSION), "content_hash": np.array(dataset.content_hash), **arrays}
    content = io.BytesIO()
    np.savez(content, **stamped)
    replace_file(dataset.folder / "cache" / name, content.getvalue())


def _stored_fingerprints(dataset: Dataset) -> Fingerprints | None:
    found = _stored(dataset, "fingerprints.npz", _FINGERPRINTS)
    shapes = (dataset.images, ORIENTATIONS), (dataset.images, _SIDE, _SIDE)
    if found is None or (found["hashes"].shape, found["squares"].shape) != shapes:
        return None
    return Fingerprints(found["hashes"], found["squares"])


def fingerprints(dataset: Dataset, progress: Progress = silent) -> Fingerprints:
    """What the images of the data set are compared by: computed once, and kept with its cache (5 s for 10,000 copies).

    Raises:
        DataError: an image is gone or damaged.
        WorkspaceError: the disk is full or cannot be written.
        Cancelled: by `progress`.
    """
    if (known := _stored_fingerprints(dataset)) is not None:
        return known
    source = OnTheFlyPixels(dataset, _INPUT, _INPUT, "crop")
    hashes, squares = [], []

    def fingerprint(row: int) -> tuple[np.ndarray, np.ndarray]:
        pixels = source.pixels(row)
        return grey_square(pixels), grey_square(pixels, _SIDE)

    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(source), _BATCH):
            end = min(start + _BATCH, len(source))
            coarse, fine = zip(*pool.map(fingerprint, range(start, end)), strict=True)
            hashes.append(orientation_hashes(np.stack(coarse)))
            squares.append(np.stack(fine).astype(np.uint8))
            progress(end / len(source), f"Looked at {end:,} of {len(source):,} images of {dataset.name}.")
    found = Fingerprints(np.concatenate(hashes), np.concatenate(squares))
    _store(dataset, "fingerprints.npz", hashes=found.hashes, squares=found.squares)
    return found


def _detail(squares: np.ndarray) -> np.ndarray:
    """(N, 64, 64) float32: what is fine in them, each with mean 0 and length 1; 0 where nothing is."""
    from scipy.ndimage import gaussian_filter  # slow to import

    grey = squares.astype(np.float32)
    fine = grey - gaussian_filter(grey, sigma=(0, _BLUR, _BLUR))
    fine -= fine.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt((fine**2).sum(axis=(1, 2), keepdims=True))
    return np.divide(fine, length, out=np.zeros_like(fine), where=length > 1e-3)


def _candidates(hashes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of `hashes`, rows of `others` and the fewest differing bits, of the pairs with at most _MOST_BITS."""
    found = []
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK, 0]
        bits = np.bitwise_count(block[:, None] ^ others[None, :, 0])
        for orientation in range(1, ORIENTATIONS):
            np.minimum(bits, np.bitwise_count(block[:, None] ^ others[None, :, orientation]), out=bits)
        a, b = np.nonzero(bits <= _MOST_BITS)
        found.append((a + start, b, bits[a, b].astype(int)))
    rows, other_rows, bits = map(np.concatenate, zip(*found, strict=True))
    return rows, other_rows, bits


def near_twins(ours: Fingerprints, others: Fingerprints | None = None) -> list[tuple[int, int]]:
    """The near-twins: pairs of a row of `ours` and a row of `others`, or of two rows of `ours` in ascending order.

    The correlation of their fine detail, in the best of the eight orientations, must reach 0.5, and from 6 differing
    bits on 0.05 more for each.
    """
    if not len(ours.hashes) or (others is not None and not len(others.hashes)):
        return []
    a, b, bits = _candidates(ours.hashes, (others or ours).hashes)
    if others is None:
        a, b, bits = a[a < b], b[a < b], bits[a < b]
    alike = np.zeros(len(a), dtype=bool)
    for start in range(0, len(a), _BATCH):
        some = slice(start, start + _BATCH)
        one, other = _detail(ours.squares[a[some]]), _detail((others or ours).squares[b[some]])
        correlation = np.einsum("nij,noij->no", one, oriented(other)).max(axis=1)
        alike[some] = correlation >= np.maximum(0.5, 0.2 + 0.05 * bits[some])
    return list(zip(a[alike].tolist(), b[alike].tolist(), strict=True))


def twins_within(dataset: Dataset, progress: Progress = silent) -> list[tuple[str, str]]:
    """The near-twins of a data set, as pairs of image ids; kept with its cache. Raises as `fingerprints`."""
    ids, pairs = dataset.metadata()["image_id"], _stored_twins(dataset)
    if pairs is None:
        pairs = near_twins(fingerprints(dataset, progress))
        _store(dataset, "near_twins.npz", pairs=np.array(pairs, dtype=np.int64).reshape(-1, 2))
    return [(ids[a], ids[b]) for a, b in pairs]


def _stored_twins(dataset: Dataset) -> list[tuple[int, int]] | None:
    found = _stored(dataset, "near_twins.npz", _TWINS)
    if found is None or found["pairs"].shape[1] != 2 or ((found["pairs"] < 0) | (
            found["pairs"] >= dataset.images)).any():
        return None
    return [(a, b) for a, b in found["pairs"].tolist()]
