"""What the decoded images of a data set take on the disk, before they are decoded."""

import shutil
from typing import NamedTuple

import numpy as np

from pipeline.data.cache_record import CacheRecord, cache_folder
from pipeline.data.dataset import Dataset
from pipeline.data.prepare import reduced_size

SPARE_BYTES = 200 * 2**20  # left free for what else a run writes


class CacheSpace(NamedTuple):
    """Bytes of all decoded images of one size, of those that are still to be decoded, and free on the disk."""

    whole: int
    missing: int
    free: int

    @property
    def fits(self) -> bool:
        """Whether there is room for what is missing, and some to spare."""
        return not self.missing or self.missing + SPARE_BYTES <= self.free


def _shapes(
    dataset: Dataset, height: int, width: int, resize: str, detail: tuple[int, int] | None
) -> np.ndarray:
    """(N, 2) height and width of each decoded image, from the table; one that its EXIF turns counts as stored."""
    if resize != "crop":
        return np.broadcast_to((height, width), (dataset.images, 2))
    stored = dataset.metadata()[["height", "width"]].to_numpy()
    if detail is not None:
        stored = np.array([reduced_size((w, h), detail)[::-1] for h, w in stored.tolist()])
    scale = (np.array([height, width]) / stored).max(axis=1, keepdims=True)
    return np.maximum((height, width), np.rint(stored * scale).astype(np.int64))


def cache_space(
    dataset: Dataset, height: int, width: int, resize: str, detail: tuple[int, int] | None = None
) -> CacheSpace:
    """The disk space of a pixel cache of that size; reads no image.

    Raises:
        WorkspaceError: the data set's table is damaged or gone.
    """
    folder = cache_folder(dataset, height, width, resize, detail)
    record = CacheRecord(folder, lambda: _shapes(dataset, height, width, resize, detail), dataset)
    whole = int(record.starts[-1])
    missing = record.missing_bytes() if record.pixels.is_file() else whole
    return CacheSpace(whole, missing, shutil.disk_usage(dataset.folder).free)


def run_space(dataset: Dataset, extra: Dataset | None, height: int, width: int, resize: str) -> CacheSpace:
    """As `cache_space`, for all that a run decodes: its data set's images, and those of the extra one, which come no
    finer than them."""
    own = cache_space(dataset, height, width, resize)
    if extra is None:
        return own
    other = cache_space(extra, height, width, resize, dataset.copy_size())
    return CacheSpace(own.whole + other.whole, own.missing + other.missing, own.free)
