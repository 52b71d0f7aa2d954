"""What a pixel cache knows about itself: which chunks are done, and whether its file still holds them."""

import itertools
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval, Len
from typing_extensions import TypedDict

from pipeline.data.dataset import Dataset
from pipeline.errors import WorkspaceError
from pipeline.files.disk import write_json
from pipeline.files.records import read_record
from pipeline.limits import MOST_TABLE_ROWS
from pipeline.progress import Progress

_VERSION = 2  # to be raised whenever prepare.py gives other pixels
_CHUNK_IMAGES, _CHUNK_BYTES = 256, 32 * 2**20


def cache_folder(
    dataset: Dataset, height: int, width: int, resize: str, detail: tuple[int, int] | None = None
) -> Path:
    """Where the decoded images of that size lie; with `detail` reduced to that (width, height) first."""
    of = f"-of-{detail[0]}x{detail[1]}" if detail else ""
    return dataset.folder / "cache" / f"{width}x{height}-{resize}{of}"


def starts_of(shapes: np.ndarray) -> np.ndarray:
    """(N + 1,) byte at which each image starts; the last is the file's size."""
    return np.concatenate([[0], (shapes.astype(np.int64).prod(axis=1) * 3).cumsum()])


_Side = Annotated[int, Interval(ge=1, le=100_000)]
_Shapes = Annotated[list[tuple[_Side, _Side, Annotated[int, Interval(ge=1, le=MOST_TABLE_ROWS)]]], Len(1, None)]


class _Stored(TypedDict):
    """What `CacheRecord.write` writes; shapes: height, width, and how many images in a row have them."""

    version: int
    content_hash: str
    stamp: Annotated[list[int], Len(2, 2)] | None
    shapes: _Shapes
    checksums: list[Annotated[int, Interval(ge=0, lt=2**32)] | None]


class CacheRecord:
    """`cache.json`: what the pixel file must hold, and which chunks of it are done, with their CRC-32.

    A file whose size and time of change are as recorded is taken as it is; in any other, each chunk is checked.

    Args:
        find_shapes: gives height and width of each image; asked only where no record of this content is there.
        dataset: whose images they are; a record of other content, or of another number of images, is none of it.

    Attributes:
        current: whether there was a record of this content.
        shapes: (N, 2) height and width of each image.
        starts: (N + 1,) byte at which each image starts; the last is the file's size.
        checksums: a chunk's CRC-32, None while it is not done.
    """

    def __init__(self, folder: Path, find_shapes: Callable[[], list[tuple[int, int]]], dataset: Dataset):
        self.path, self.pixels = folder / "cache.json", folder / "pixels.u8"
        self._fixed, self._images = {"version": _VERSION, "content_hash": dataset.content_hash}, dataset.images
        stored = self._stored()
        self.current = bool(stored)
        if self.current:
            runs = np.array(stored["shapes"])
            self.shapes = np.repeat(runs[:, :2], runs[:, 2], axis=0)
        else:
            self.shapes = np.array(find_shapes())
        self.starts = starts_of(self.shapes)
        count = len(self.shapes)
        self.chunk = max(1, min(_CHUNK_IMAGES, _CHUNK_BYTES * count // int(self.starts[-1])))
        self.firsts = range(0, count, self.chunk)
        self.checksums = stored.get("checksums", [])
        if len(self.checksums) != len(self.firsts):
            self.checksums = [None] * len(self.firsts)
        self._stamp = stored.get("stamp")

    def _stored(self) -> dict[str, Any]:
        """What is recorded of this content by this version; empty where nothing is."""
        try:
            stored = read_record(self.path, _Stored)
        except WorkspaceError:  # a cache is made anew, not mourned
            return {}
        same = all(stored[key] == value for key, value in self._fixed.items())
        return stored if same and sum(count for _, _, count in stored["shapes"]) == self._images else {}

    def span(self, number: int) -> tuple[int, int]:
        """First byte of a chunk and the byte after its last."""
        first = self.firsts[number]
        return int(self.starts[first]), int(self.starts[min(first + self.chunk, len(self.shapes))])

    def missing(self) -> list[int]:
        """Numbers of the chunks that have to be made."""
        return [number for number, checksum in enumerate(self.checksums) if checksum is None]

    def missing_bytes(self) -> int:
        """What the chunks take that have to be made."""
        return sum(end - start for start, end in map(self.span, self.missing()))

    def _file_stamp(self) -> list[int] | None:
        if not self.pixels.is_file():
            return None
        found = self.pixels.stat()
        return [found.st_size, found.st_mtime_ns]

    def verify(self, progress: Progress) -> None:
        """Forgets the chunks that the file does not hold any more."""
        stamp = self._file_stamp()
        if stamp is not None and stamp == self._stamp:
            return
        if stamp is None:
            self.checksums = [None] * len(self.firsts)
            return
        with self.pixels.open("rb") as file:
            for number, checksum in enumerate(self.checksums):
                if checksum is not None:
                    progress(None, "Checks the decoded images, whose file was changed.")
                    start, end = self.span(number)
                    file.seek(start)
                    if zlib.crc32(file.read(end - start)) != checksum:
                        self.checksums[number] = None
        self.write()

    def write(self) -> None:
        """Stores it, with the pixel file's present size and time."""
        self._stamp = self._file_stamp()
        shapes = map(tuple, self.shapes.tolist())
        runs = [[*shape, len(list(same))] for shape, same in itertools.groupby(shapes)]
        write_json(self.path, {**self._fixed, "stamp": self._stamp, "shapes": runs, "checksums": self.checksums})
