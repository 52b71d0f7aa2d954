"""Near-twins: images, of one data set or of two, that show nearly the same, such as a picture stored twice.

Two images are near-twins where their perceptual hashes differ in few bits in some orientation, and where in one the
fine detail is the same too: hashes alone take any two round plain lesions for one. On HAM10000's squares 90 of 94 pairs
with a correlation of at least 0.7 share their lesion_id. Where few bits differ less is asked: rather a few look-alikes
count as well (351 pairs there, 127 of one lesion) than a twin be missed.
"""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from pipeline.audit.hash_buckets import HashBuckets, NearHashes
from pipeline.audit.perceptual_hash import ORIENTATIONS, grey_square, orientation_hashes, oriented
from pipeline.data.cache import OnTheFlyPixels
from pipeline.data.dataset import Dataset
from pipeline.errors import WorkspaceError
from pipeline.files.arrays import Array, read_arrays
from pipeline.files.disk import replace_file
from pipeline.files.locks import file_lock
from pipeline.files.row_store import RowKind, RowStore
from pipeline.progress import Progress, silent

_VERSION = 1  # to be raised whenever other fingerprints are computed
_INPUT, _SIDE = 128, 64  # pixels: an image is decoded to the one, its detail compared at the other
_BLUR = 2.0  # pixels of _SIDE: what is coarser is light and shape, which look-alikes share
_MOST_BITS = 10
_BATCH, _THREADS = 256, 4
_TWINS = {"version": Array("iu", 0), "content_hash": Array("U", 0), "pairs": Array("iu", 2)}
_FINGERPRINTS = {"hashes": RowKind("<u8", (ORIENTATIONS,)), "squares": RowKind("u1", (_SIDE, _SIDE))}


class Fingerprints(NamedTuple):
    """`hashes` (N, 8) uint64 of `orientation_hashes`, and `squares` (N, 64, 64) uint8 grey levels, in the order of the
    data set's table; mapped from files, where they are of a whole data set."""

    hashes: np.ndarray
    squares: np.ndarray

    def of(self, rows: np.ndarray) -> "Fingerprints":
        """Those of some images."""
        return Fingerprints(self.hashes[rows], self.squares[rows])


def fingerprints(dataset: Dataset, progress: Progress = silent) -> Fingerprints:
    """What the images of the data set are compared by: computed once, and kept with its cache (5 s for 10,000 copies),
    some at a time, so that what a kill leaves is used.

    Raises:
        DataError: an image is gone or damaged.
        WorkspaceError: the disk is full or cannot be written.
        Cancelled: by `progress`.
    """
    folder, key = dataset.folder / "cache" / "fingerprints", _key(dataset)
    with file_lock(folder / "lock", progress, "Waits for another process that looks at the same images."):
        store = RowStore(folder, key, dataset.images, _FINGERPRINTS, _BATCH, progress)
        if missing := store.missing():
            _look(dataset, store, missing, progress)
        return Fingerprints(store.array("hashes"), store.array("squares"))


def _key(dataset: Dataset) -> dict[str, str]:
    return {"version": str(_VERSION), "content_hash": dataset.content_hash}


def _look(dataset: Dataset, store: RowStore, missing: list[slice], progress: Progress) -> None:
    (dataset.folder / "cache" / "fingerprints.npz").unlink(missing_ok=True)  # an earlier version's
    source = OnTheFlyPixels(dataset, _INPUT, _INPUT, "crop")

    def fingerprint(row: int) -> tuple[np.ndarray, np.ndarray]:
        pixels = source.pixels(row)
        return grey_square(pixels), grey_square(pixels, _SIDE)

    with ThreadPoolExecutor(_THREADS) as pool:
        for rows in missing:
            coarse, fine = zip(*pool.map(fingerprint, range(rows.start, rows.stop)), strict=True)
            store.write(rows, hashes=orientation_hashes(np.stack(coarse)), squares=np.stack(fine).astype(np.uint8))
            progress(rows.stop / len(source), f"Looked at {rows.stop:,} of {len(source):,} images of {dataset.name}.")


def _detail(squares: np.ndarray) -> np.ndarray:
    """(N, 64, 64) float32: what is fine in them, each with mean 0 and length 1; 0 where nothing is."""
    from scipy.ndimage import gaussian_filter  # slow to import

    grey = squares.astype(np.float32)
    fine = grey - gaussian_filter(grey, sigma=(0, _BLUR, _BLUR))
    fine -= fine.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt((fine**2).sum(axis=(1, 2), keepdims=True))
    return np.divide(fine, length, out=np.zeros_like(fine), where=length > 1e-3)


def _alike(ours: Fingerprints, others: Fingerprints, near: NearHashes) -> np.ndarray:
    """(P,) bool: which pairs have the same fine detail in some orientation."""
    alike = np.zeros(len(near.row), dtype=bool)
    for start in range(0, len(alike), _BATCH):
        some = slice(start, start + _BATCH)
        one, other = _detail(ours.squares[near.row[some]]), _detail(others.squares[near.other[some]])
        correlation = np.einsum("nij,noij->no", one, oriented(other)).max(axis=1)
        alike[some] = correlation >= np.maximum(0.5, 0.2 + 0.05 * near.bits[some])
    return alike


def _near(ours: Fingerprints, others: Fingerprints | None) -> Iterator[NearHashes]:
    """Pairs with few differing bits; of the images of `ours` among themselves each pair once."""
    for near in HashBuckets(ours.hashes[:, 0], _MOST_BITS).near((others or ours).hashes):
        if others is None:
            once = near.row < near.other
            near = NearHashes(near.row[once], near.other[once], near.bits[once])
        yield near


def near_twins(
    ours: Fingerprints, others: Fingerprints | None = None, progress: Progress = silent
) -> list[tuple[int, int]]:
    """The near-twins: pairs of a row of `ours` and a row of `others`, or of two rows of `ours` in ascending order.

    The correlation of their fine detail, in the best of the eight orientations, must reach 0.5, and from 6 differing
    bits on 0.05 more for each.

    Raises:
        Cancelled: by `progress`.
    """
    if not len(ours.hashes) or (others is not None and not len(others.hashes)):
        return []
    found: list[tuple[int, int]] = []
    for near in _near(ours, others):
        alike = _alike(ours, others or ours, near)
        found += zip(near.row[alike].tolist(), near.other[alike].tolist(), strict=True)
        progress(None, "Compares the images with one another.")
    return sorted(found)


def twins_within(dataset: Dataset, progress: Progress = silent) -> list[tuple[str, str]]:
    """The near-twins of a data set, as pairs of image ids; kept with its cache. Raises as `fingerprints`."""
    ids, pairs = dataset.metadata()["image_id"], _stored_twins(dataset)
    if pairs is None:
        pairs = near_twins(fingerprints(dataset, progress), progress=progress)
        _store_twins(dataset, np.array(pairs, dtype=np.int64).reshape(-1, 2))
    return [(ids[a], ids[b]) for a, b in pairs]


def _stored_twins(dataset: Dataset) -> list[tuple[int, int]] | None:
    """Those that are kept beside the data set's cache, where they are of its images as they are."""
    try:
        found = read_arrays(dataset.folder / "cache" / "near_twins.npz", _TWINS)
    except WorkspaceError:  # none yet, or damaged: found anew
        return None
    current = (str(found["version"]), str(found["content_hash"])) == tuple(_key(dataset).values())
    pairs = found["pairs"]
    if not current or pairs.shape[1] != 2 or ((pairs < 0) | (pairs >= dataset.images)).any():
        return None
    return [(a, b) for a, b in pairs.tolist()]


def _store_twins(dataset: Dataset, pairs: np.ndarray) -> None:
    content = io.BytesIO()
    np.savez(content, version=np.array(_VERSION), content_hash=np.array(dataset.content_hash), pairs=pairs)
    replace_file(dataset.folder / "cache" / "near_twins.npz", content.getvalue())
