"""Rows of arrays, one for each image of many, computed a chunk at a time and kept as flat files: what a stop or a kill
leaves is used the next time, and no more than a chunk is in memory.
"""

import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Interval, Len
from typing_extensions import TypedDict

from pipeline.errors import WorkspaceError
from pipeline.files.bounds import Count, Word
from pipeline.files.disk import disk_errors, stamp_of, write_json
from pipeline.files.records import read_record
from pipeline.progress import Progress, silent

_SPARE_BYTES = 200 * 2**20


class RowKind(NamedTuple):
    """What one row of an array is: its dtype as numpy writes it, such as "<f4", and its shape."""

    dtype: str
    shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """In bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


_Checksum = Annotated[int, Interval(ge=0, lt=2**32)]


class _Record(TypedDict):
    """`rows.json`: what the files hold; checksums: CRC-32 of each array's part of each chunk, None while it is not
    done; stamps: size and time of change of each file."""

    key: dict[Word, Word]
    rows: Count
    chunk: Count
    arrays: dict[Word, Annotated[list[Word | list[Count]], Len(2, 2)]]
    checksums: list[list[_Checksum] | None]
    stamps: dict[Word, Annotated[list[int], Len(2, 2)]]


class RowStore:
    """The arrays of `rows` rows in `folder`, each in a file of its own.

    Files whose size and time of change are as recorded are taken as they are; in others each chunk is checked. A store
    of another key, or of other arrays, is made anew.

    Args:
        key: what decides the rows, such as the content of the data set and the weights; texts.
        arrays: what a row of each is, by name.
        chunk: rows that are computed, and lost by a kill, together.

    Raises:
        WorkspaceError: the folder cannot be written, or has no room for what is missing; the sentence names needed and
            free.
        Cancelled: by `progress`, while it checks what is there.
    """

    def __init__(
        self, folder: Path, key: Mapping[str, str], rows: int, arrays: Mapping[str, RowKind], chunk: int = 1024,
        progress: Progress = silent,
    ):
        self._folder, self._rows, self._arrays, self._chunk = folder, rows, dict(arrays), chunk
        self._fixed = {
            "key": dict(key), "rows": rows, "chunk": chunk,
            "arrays": {name: [kind.dtype, list(kind.shape)] for name, kind in self._arrays.items()},
        }
        stored = self._stored()
        self._checksums: list[list[int] | None] = stored["checksums"] if stored else [None] * len(self._spans())
        current = stored is not None and self._stamps() == stored["stamps"]
        if not current or self.missing():
            self._prepare(stored is not None, current, progress)

    def _prepare(self, known: bool, current: bool, progress: Progress) -> None:
        """Makes the files ready for `write`: those of another content go, what changed ones lost is forgotten."""
        with disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not known:  # new files: a process that reads the old ones keeps them
                self._path_of_record.unlink(missing_ok=True)
                for path in map(self._path, self._arrays):
                    path.unlink(missing_ok=True)
            elif not current:
                self._verify(progress)
            self._check_room()
            for name, kind in self._arrays.items():
                self._path(name).touch()
                # sparse: it takes room only where something is written
                os.truncate(self._path(name), self._rows * kind.size)
            if known:  # without one there is nothing to go on from
                self._write_record()

    @property
    def _path_of_record(self) -> Path:
        return self._folder / "rows.json"

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.rows"

    def _spans(self) -> list[slice]:
        return [slice(start, min(start + self._chunk, self._rows)) for start in range(0, self._rows, self._chunk)]

    def _stored(self) -> _Record | None:
        try:
            stored = read_record(self._path_of_record, _Record)
        except WorkspaceError:  # none yet, or damaged: computed anew, not mourned
            return None
        fits = all(stored[name] == value for name, value in self._fixed.items())  # type: ignore[literal-required]
        counted = all(one is None or len(one) == len(self._arrays) for one in stored["checksums"])
        return stored if fits and counted and len(stored["checksums"]) == len(self._spans()) else None

    def _stamps(self) -> dict[str, list[int]]:
        found = {name: stamp_of(self._path(name)) for name in self._arrays}
        return {name: [stamp[2], stamp[3]] for name, stamp in found.items() if stamp is not None}

    def _write_record(self) -> None:
        write_json(self._path_of_record, {**self._fixed, "checksums": self._checksums, "stamps": self._stamps()})

    def _verify(self, progress: Progress) -> None:
        """Forgets the chunks that the files do not hold any more."""
        for number, (span, checksums) in enumerate(zip(self._spans(), self._checksums, strict=True)):
            if checksums is None:
                continue
            progress(None, "Checks what was computed before, whose file was changed.")
            held = [zlib.crc32(self._bytes(name, span)) for name in self._arrays]
            if held != checksums:
                self._checksums[number] = None

    def _bytes(self, name: str, span: slice) -> bytes:
        size = self._arrays[name].size
        try:
            with self._path(name).open("rb") as file:
                file.seek(span.start * size)
                return file.read((span.stop - span.start) * size)
        except FileNotFoundError:
            return b""

    def _check_room(self) -> None:
        missing = sum(span.stop - span.start for span in self.missing())
        needed = missing * sum(kind.size for kind in self._arrays.values()) + _SPARE_BYTES
        free = shutil.disk_usage(self._folder).free
        if missing and needed > free:
            raise WorkspaceError(
                f"The disk is too full: {needed / 1e6:,.0f} MB are needed in {self._folder} and {free / 1e6:,.0f} MB "
                "are free.", "Free some space, and start it again; what is done is kept.",
            )

    def missing(self) -> list[slice]:
        """The rows that have to be computed, a chunk each, in their order."""
        return [span for span, done in zip(self._spans(), self._checksums, strict=True) if done is None]

    def write(self, span: slice, **values: np.ndarray) -> None:
        """Stores the rows of a chunk.

        Args:
            span: one of `missing`.
            values: of each array (rows of the chunk, *shape).

        Raises:
            WorkspaceError: the disk is full or cannot be written.
        """
        checksums = []
        for name, kind in self._arrays.items():
            rows = np.ascontiguousarray(values[name], dtype=kind.dtype)
            if rows.shape != (span.stop - span.start, *kind.shape):
                raise ValueError(f"{name} has the shape {rows.shape}")
            content = rows.tobytes()
            # written, not mapped: on a full disk a write fails with an error, a mapped page kills the process
            with disk_errors(self._path(name)), self._path(name).open("r+b") as file:
                file.seek(span.start * kind.size)
                file.write(content)
            checksums.append(zlib.crc32(content))
        self._checksums[span.start // self._chunk] = checksums
        self._write_record()

    def array(self, name: str) -> np.ndarray:
        """(rows, *shape) mapped from the file, to be read; rows that are missing mean nothing."""
        kind = self._arrays[name]
        if not self._rows:
            return np.empty((0, *kind.shape), dtype=kind.dtype)
        return np.memmap(self._path(name), dtype=kind.dtype, mode="r", shape=(self._rows, *kind.shape))

    def blocks(self, name: str) -> Iterator[np.ndarray]:
        """The same chunk by chunk, read and not mapped."""
        kind = self._arrays[name]
        for span in self._spans():
            yield np.frombuffer(self._bytes(name, span), dtype=kind.dtype).reshape(-1, *kind.shape)

    def remove(self) -> None:
        """Takes it from the disk."""
        shutil.rmtree(self._folder, ignore_errors=True)
