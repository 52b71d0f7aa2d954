"""Decoded pixels: each image decoded once per data set and size, then read from a memory-mapped file."""

import errno
import os
import shutil
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline.data.cache_record import CacheRecord, cache_folder, starts_of
from pipeline.data.cache_space import SPARE_BYTES
from pipeline.data.dataset import Dataset
from pipeline.data.prepare import covering_size, fit_for_cropping, prepare_image, reduced, reduced_size
from pipeline.errors import DataError, ImageError, WorkspaceError
from pipeline.files.disk import disk_errors
from pipeline.files.locks import file_lock
from pipeline.images.reading import image_size, opened
from pipeline.progress import Progress, silent

_THREADS = 4  # Pillow decodes and scales without holding Python's lock


def _lost(dataset: Dataset, sentence: str) -> DataError:
    return DataError(
        f"The data set {dataset.name} has lost an image: {sentence}",
        "Import it again under the same name, which restores its images.",
    )


class OnTheFlyPixels:
    """Decodes as it goes, a batch in parallel; the same reading interface as `PixelCache`, for a disk without room.

    Args:
        detail: (width, height) to which larger images are reduced first, so that they show no more detail than that.
    """

    def __init__(
        self, dataset: Dataset, height: int, width: int, resize: str, detail: tuple[int, int] | None = None
    ):
        self._dataset, self._files = dataset, dataset.metadata()["file"].tolist()
        self._height, self._width, self._resize, self._detail = height, width, resize, detail

    def __len__(self) -> int:
        return len(self._files)

    def pixels(self, row: int) -> np.ndarray:
        """uint8 (height, width, 3); with resize "crop" the longer side may be longer.

        Raises:
            DataError: the image's file is gone or damaged.
        """
        file = self._files[row]
        try:
            with opened(self._dataset.image_path(file), file) as image:
                if self._detail is not None:
                    image = reduced(image, self._detail, self._dataset.view)
                if self._resize == "crop":
                    return fit_for_cropping(image, self._height, self._width)
                return prepare_image(image, self._height, self._width, self._resize)
        except ImageError as error:
            raise _lost(self._dataset, error.problem) from error

    def shapes(self) -> list[tuple[int, int]]:
        """Height and width of each image that `pixels` gives, from the files' headers."""
        if self._resize != "crop":
            return [(self._height, self._width)] * len(self)
        return [self._crop_shape(file) for file in self._files]

    def _crop_shape(self, file: str) -> tuple[int, int]:
        try:
            size = image_size(self._dataset.image_path(file), file)
            if self._detail is not None:
                size = reduced_size(size, self._detail)
            return covering_size(size, self._height, self._width)
        except ImageError as error:
            raise _lost(self._dataset, error.problem) from error

    def gather(self, rows) -> np.ndarray:
        """uint8 (N, height, width, 3); the images must have one shape."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return np.stack(list(pool.map(self.pixels, map(int, rows))))


class JoinedPixels:
    """The pixels of one data set and then those of another, read as one of them is."""

    def __init__(self, first, second):
        self.first, self.second = first, second

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def pixels(self, row: int) -> np.ndarray:
        """uint8 (height, width, 3); with resize "crop" the longer side may be longer."""
        of_first = len(self.first)
        return self.first.pixels(row) if row < of_first else self.second.pixels(row - of_first)

    def gather(self, rows) -> np.ndarray:
        """uint8 (N, height, width, 3); the images must have one shape."""
        rows, of_first = np.asarray(rows), len(self.first)
        second = rows >= of_first
        if second.all() or not second.any():
            return self.second.gather(rows - of_first) if second.any() else self.first.gather(rows)
        ours = self.first.gather(rows[~second])
        images = np.empty((len(rows), *ours.shape[1:]), dtype=np.uint8)
        images[~second], images[second] = ours, self.second.gather(rows[second] - of_first)
        return images


class PixelCache:
    """Reads the pixels of each row of the data set's table from one flat file."""

    def __init__(self, folder: Path, shapes: np.ndarray):
        self._shapes, self._starts = shapes, starts_of(shapes)
        self._flat = np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r", shape=(int(self._starts[-1]),))
        same = (shapes == shapes[0]).all()
        self._block = np.asarray(self._flat).reshape(len(shapes), *shapes[0], 3) if same else None

    def __len__(self) -> int:
        return len(self._shapes)

    def pixels(self, row: int) -> np.ndarray:
        """uint8 (height, width, 3); with resize "crop" the longer side may be longer."""
        start, end = self._starts[row], self._starts[row + 1]
        return self._flat[start:end].reshape(*self._shapes[row], 3)

    def gather(self, rows) -> np.ndarray:
        """uint8 (N, height, width, 3); the images must have one shape."""
        if self._block is not None:
            return np.take(self._block, np.asarray(rows), axis=0)  # up to fifteen times faster than indexing
        return np.stack([self.pixels(int(row)) for row in rows])


def build_cache(
    dataset: Dataset, height: int, width: int, resize: str, progress: Progress = silent,
    detail: tuple[int, int] | None = None,
) -> PixelCache:
    """The cache of that size, built where it is missing, incomplete, damaged or of older content; resumable after a
    kill.

    Raises:
        WorkspaceError: there is no room for it; the sentence names needed and free.
        DataError: an image of the data set is gone or damaged.
        Cancelled: `progress` asked to stop; the images decoded so far are used the next time.
    """
    folder = cache_folder(dataset, height, width, resize, detail)
    with file_lock(folder / "lock", progress, "Waits for another process that decodes the same images."):
        source = OnTheFlyPixels(dataset, height, width, resize, detail)
        record = CacheRecord(folder, source.shapes, dataset)
        if record.current:
            record.verify(progress)
        else:  # a new file: a process that reads the old one keeps it
            record.pixels.unlink(missing_ok=True)
        if record.missing():
            _fill(dataset, record, source, progress)
        return PixelCache(folder, record.shapes)


def _no_room(dataset: Dataset, needed: int, folder: Path) -> WorkspaceError:
    return WorkspaceError(
        f"No room for the decoded images of {dataset.name}: {needed / 1e6:,.0f} MB are needed and "
        f"{shutil.disk_usage(folder).free / 1e6:,.0f} MB are free.",
        "Free some space, or train at a smaller size.",
    )


def _fill(dataset: Dataset, record: CacheRecord, source: OnTheFlyPixels, progress: Progress) -> None:
    folder = record.pixels.parent
    missing, free = record.missing_bytes(), shutil.disk_usage(folder).free
    needed = missing + SPARE_BYTES
    if needed > free:
        raise _no_room(dataset, needed, folder)
    progress(
        1 - missing / record.starts[-1],
        f"Decodes images to the disk: {missing / 1e6:,.0f} MB, where {free / 1e6:,.0f} MB are free.",
    )
    try:
        with disk_errors(record.pixels):
            record.pixels.touch()
            # written, not mapped: on a full disk a write fails with an error, a mapped page kills the process
            with record.pixels.open("r+b") as file, ThreadPoolExecutor(_THREADS) as pool:
                for number in record.missing():
                    _fill_chunk(number, record, source, file, pool, progress)
                os.truncate(record.pixels, record.starts[-1])
                os.fsync(file.fileno())
            record.write()
    except WorkspaceError as error:
        if getattr(error.__cause__, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
            raise
        no_room = _no_room(dataset, needed, folder)
        for path in (record.pixels, record.path):  # half a cache is no use on a full disk
            path.unlink(missing_ok=True)
        raise no_room from error


def _fill_chunk(number: int, record: CacheRecord, source: OnTheFlyPixels, file, pool, progress: Progress) -> None:
    start, end = record.span(number)
    chunk = np.empty(end - start, dtype=np.uint8)
    rows = range(record.firsts[number], min(record.firsts[number] + record.chunk, len(source)))

    def decode(row: int) -> None:
        chunk[record.starts[row] - start : record.starts[row + 1] - start] = source.pixels(row).ravel()

    list(pool.map(decode, rows))
    file.seek(start)
    file.write(chunk)
    file.flush()
    record.checksums[number] = zlib.crc32(chunk)
    record.write()
    progress(rows.stop / len(source), f"Decoded {rows.stop:,} of {len(source):,} images.")


def open_pixels(
    dataset: Dataset, height: int, width: int, resize: str, progress: Progress, note: Callable[[str], None],
    detail: tuple[int, int] | None = None,
) -> PixelCache | OnTheFlyPixels:
    """The cache, or where the disk has no room for it a reader that decodes as it goes, which `note` is told."""
    try:
        return build_cache(dataset, height, width, resize, progress, detail)
    except WorkspaceError as error:
        note(f"{error.problem} The images are decoded as the training goes, which is slower.")
        return OnTheFlyPixels(dataset, height, width, resize, detail)
