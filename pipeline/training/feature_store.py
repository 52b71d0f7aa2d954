"""The file of a frozen backbone's outputs: which of them are there, and whether it still holds them."""

import errno
import io
import os
import shutil
import zlib
from pathlib import Path

import numpy as np

from pipeline.errors import WorkspaceError
from pipeline.files.arrays import Array, read_arrays
from pipeline.files.disk import disk_errors, replace_file
from pipeline.progress import Progress

FLIPS = 4  # of an image: as it is, horizontally, vertically, both
_VERSION = 1  # to be raised whenever other outputs are stored
_SPARE_BYTES = 200 * 2**20
_RECORD = {
    "version": Array("iu", 0), "content_hash": Array("U", 0), "source": Array("U", 0), "shape": Array("iu", 1),
    "done": Array("b", 2), "checksums": Array("u", 2), "stamp": Array("iu", 1),
}


def _npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


class FeatureStore:
    """Outputs for each image of a data set and each of its flips, in one flat file that is filled in any order.

    `record.npz` beside it knows what is there, each with its CRC-32. A file whose size and time of change are as
    recorded is taken as it is; in any other, each output is checked.

    Args:
        folder: of this backbone and this preparation of the images.
        shape: (images, FLIPS, outputs); the file holds float16.
        source: where the backbone comes from, in words.

    Attributes:
        done: (images, FLIPS) bool.
    """

    def __init__(self, folder: Path, shape: tuple[int, int, int], content_hash: str, source: str):
        self.file, self.record, self.shape = folder / "features.f16", folder / "record.npz", shape
        self._fixed = {
            "version": np.array(_VERSION), "content_hash": np.array(content_hash), "source": np.array(source),
            "shape": np.array(shape),
        }
        stored = self._stored()
        self.current = bool(stored)
        self.done = stored.get("done", np.zeros(shape[:2], dtype=bool))
        self._checksums = stored.get("checksums", np.zeros(shape[:2], dtype=np.uint32))
        self._stamp = stored.get("stamp", np.zeros(2, dtype=np.int64)).tolist()

    def _stored(self) -> dict[str, np.ndarray]:
        """What is recorded of this content by this version; empty where nothing is."""
        try:
            stored = read_arrays(self.record, _RECORD)
        except WorkspaceError:  # made anew, not mourned
            return {}
        same = all(np.array_equal(stored[key], value) for key, value in self._fixed.items())
        fits = stored["done"].shape == stored["checksums"].shape == self.shape[:2] and len(stored["stamp"]) == 2
        return {key: value.copy() for key, value in stored.items()} if same and fits else {}

    def _file_stamp(self) -> list[int]:
        if not self.file.is_file():
            return [-1, 0]
        found = self.file.stat()
        return [found.st_size, found.st_mtime_ns]

    def prepare(self, progress: Progress) -> None:
        """Makes the file ready for `add` and `read`: another content's goes, what a changed file lost is forgotten.

        Raises:
            WorkspaceError: the folder cannot be written.
            Cancelled: by `progress`.
        """
        size = int(np.prod(self.shape)) * 2
        with disk_errors(self.file):
            if not self.current:  # a new file: a process that reads the old one keeps it
                self.file.unlink(missing_ok=True)
            elif self._file_stamp() != self._stamp:
                self._verify(progress)
                self.write()
            if self._file_stamp()[0] != size:
                self.file.touch()
                os.truncate(self.file, size)  # sparse: it takes room only where something is written

    def _verify(self, progress: Progress) -> None:
        if not self.file.is_file():
            self.done[:] = False
            return
        with self.file.open("rb") as file:
            for row, flip in np.argwhere(self.done):
                if flip == 0 and row % 256 == 0:
                    progress(None, "Checks the stored features, whose file was changed.")
                file.seek(self._place(row, flip))
                self.done[row, flip] = zlib.crc32(file.read(2 * self.shape[2])) == self._checksums[row, flip]

    def _place(self, row: int, flip: int) -> int:
        return (int(row) * FLIPS + int(flip)) * self.shape[2] * 2

    def missing(self, wanted: np.ndarray) -> np.ndarray:
        """(M, 2) row and flip of what is not there of `wanted` (images, FLIPS) bool."""
        return np.argwhere(wanted & ~self.done)

    def check_room(self, outputs: int) -> None:
        """Whether the disk has room for so many more.

        Raises:
            WorkspaceError: it has not; the sentence names needed and free.
        """
        if self._bytes(outputs) > shutil.disk_usage(self.file.parent).free:
            raise self._no_room(outputs)

    def _bytes(self, outputs: int) -> int:
        return outputs * self.shape[2] * 2 + _SPARE_BYTES

    def _no_room(self, outputs: int) -> WorkspaceError:
        free = shutil.disk_usage(self.file.parent).free
        return WorkspaceError(
            f"No room for the features: {self._bytes(outputs) / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are "
            "free.",
            "Free some space, or train with features=no.",
        )

    def add(self, places: np.ndarray, outputs: np.ndarray) -> None:
        """Writes `outputs` (M, outputs) float16 of `places` (M, 2) row and flip, then records them.

        Raises:
            WorkspaceError: the disk is full or cannot be written.
        """
        try:
            # written, not mapped: on a full disk a write fails with an error, a mapped page kills the process
            with disk_errors(self.file), self.file.open("r+b") as file:
                for (row, flip), output in zip(places, np.ascontiguousarray(outputs), strict=True):
                    file.seek(self._place(row, flip))
                    file.write(output)
                    self._checksums[row, flip] = zlib.crc32(output)
        except WorkspaceError as error:
            if getattr(error.__cause__, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                raise self._no_room(len(places)) from error
            raise
        self.done[tuple(places.T)] = True
        self.write()

    def write(self) -> None:
        """Stores the record, with the file's present size and time."""
        self._stamp = self._file_stamp()
        content = _npz(**self._fixed, done=self.done, checksums=self._checksums, stamp=np.array(self._stamp))
        replace_file(self.record, content)

    def read(self) -> np.ndarray:
        """The outputs (images, FLIPS, outputs) float16, mapped from the file; only what is `done` means anything."""
        return np.memmap(self.file, dtype=np.float16, mode="r", shape=self.shape)
