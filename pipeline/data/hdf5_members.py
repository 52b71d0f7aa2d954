"""The images of an HDF5 file as ISIC 2024 hands them out: a data set for each isic_id, whose value is a JPEG's bytes.

Where each lies is found out once, in a process with limits (`hdf5_worker`); then it is read from the file like a part
of any other, from several threads, without libhdf5 and without unpacking.
"""

import contextlib
import io
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.data.member import Member, tidy_path
from pipeline.data.regular_files import open_regular, too_large
from pipeline.errors import DataError
from pipeline.limits import MOST_HDF5_IMAGES, MOST_HDF5_SECONDS, MOST_HDF5_WAITING_SECONDS

HDF5_SUFFIXES = (".hdf5", ".h5")
_PROJECT = Path(__file__).resolve().parents[2]
_MOST_LINE = 4_096  # bytes that the worker says of one image
_JPEG = b"\xff\xd8\xff"


class Hdf5Source:
    """An open HDF5 file; a member's key is its offset and its size in bytes."""

    def __init__(self, file: BinaryIO, name: str):
        self.name, self._file = name, file
        self._one_at_a_time = threading.Lock()

    def read(self, key: tuple[int, int], said: str, most: int, *, whole: bool = True) -> bytes:
        offset, size = key
        if size > most and whole:
            raise too_large(f"{said} in {self.name}", most)
        wanted = min(size, most)
        try:
            with self._one_at_a_time:
                self._file.seek(offset)
                content = self._file.read(wanted)
        except OSError as error:
            raise DataError(f"{said} in {self.name} cannot be read.", "Check the disk.") from error
        if len(content) < wanted:  # the file was cut off meanwhile
            raise DataError(f"{said} in {self.name} is damaged.", "Download it again.")
        if not content.startswith(_JPEG):
            raise DataError(f"{said} in {self.name} is no JPEG.", "Give it as a file of its own.")
        return content


def _unfit(name: str) -> DataError:
    return DataError(
        f"{name} is not laid out as ISIC 2024's images are: a data set for each image, at the top of the file, with "
        "the bytes of a JPEG in one piece.", "Give the images as a zip or a folder.",
    )


def _damaged(name: str) -> DataError:
    return DataError(f"{name} is no HDF5 file, or it is damaged.", "Download it again.")


def _ended(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def _said(path: Path, name: str) -> Iterator[tuple[str, int, int]]:
    """Name, offset and size of each image, as the worker says them.

    Raises:
        DataError: it has refused the file, or the file has brought it down.
    """
    command = [sys.executable, "-m", "pipeline.data.hdf5_worker", str(path), str(MOST_HDF5_IMAGES),
               str(MOST_HDF5_SECONDS)]
    # neither plug-ins from elsewhere nor a lock, which a disk that is only read may refuse
    environment = {**os.environ, "HDF5_PLUGIN_PRELOAD": "::", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=_PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:
        clock = threading.Timer(MOST_HDF5_WAITING_SECONDS, process.kill)
        clock.daemon = True
        clock.start()
        try:
            assert process.stdout is not None  # as asked for
            for line in iter(lambda: process.stdout.readline(_MOST_LINE), b""):
                try:
                    found = json.loads(line)
                except ValueError:  # cut off where the worker died
                    break
                if found == "whole":
                    return
                if found == "too many":
                    raise DataError(f"{name} holds more than {MOST_HDF5_IMAGES:,} images.", "Give a part of it.")
                if found == "unfit":
                    raise _unfit(name)
                if not isinstance(found, list):
                    break
                yield found[0], found[1], found[2]
            raise _damaged(name)
        finally:
            clock.cancel()
            _ended(process)


def _check_places(places: list[tuple[int, int]], size: int, name: str) -> None:
    """Refuses images that lie outside of the file, or that share bytes."""
    in_order = sorted(places)
    apart = all(first + length <= following for (first, length), (following, _) in itertools.pairwise(in_order))
    if not apart or any(offset < 0 or length < 1 or offset + length > size for offset, length in in_order):
        raise _damaged(name)


def is_hdf5(name: str) -> bool:
    """Whether a file of that name is taken for an HDF5 file."""
    return name.lower().endswith(HDF5_SUFFIXES)


def open_hdf5(path: Path, opened: contextlib.ExitStack) -> list[Member]:
    """The images of the HDF5 file at `path`, each as a JPEG named by its data set; it stays open as long as `opened`.

    Raises:
        DataError: it is no regular file, no HDF5 file or damaged, it is laid out in another way, or it holds more
            images than LesionLab takes.
    """
    file = opened.enter_context(open_regular(path))
    size = file.seek(0, io.SEEK_END)
    found = list(_said(path.absolute(), path.name))
    _check_places([(offset, length) for _, offset, length in found], size, path.name)
    source = Hdf5Source(file, path.name)
    members = ((tidy_path(f"{name}.jpg"), offset, length) for name, offset, length in found)
    return [Member(place, length, source, (offset, length)) for place, offset, length in members if place]
