"""The bytes of an image file, read to a limit: what a file says of its own size is not believed."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ImageError
from pipeline.limits import MOST_IMAGE_BYTES

Source = Path | bytes | BinaryIO
# a pipe without a writer would keep its reader waiting
_OPENING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def image_bytes(source: Source, name: str) -> bytes:
    """What `source` holds: a path to a regular file, bytes, or an opened file.

    Raises:
        ImageError: there is no such file, it is none (a folder, a device, a pipe), it cannot be read, it is empty, or
            it has more than MOST_IMAGE_BYTES; the sentence names `name`.
    """
    if isinstance(source, Path):
        content = _of_path(source, name)
    else:
        content = source if isinstance(source, bytes) else source.read(MOST_IMAGE_BYTES + 1)
    if not content:
        raise _empty(name)
    if len(content) > MOST_IMAGE_BYTES:
        raise _too_large(name)
    return content


def _empty(name: str) -> ImageError:
    return ImageError(f"{name} is empty.", "Get a fresh copy of the file.")


def _too_large(name: str) -> ImageError:
    return ImageError(
        f"{name} has more than {MOST_IMAGE_BYTES / 2**20:.0f} MiB, the largest image file that LesionLab reads.",
        "Save it smaller.",
    )


def _check(found: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise ImageError(f"{name} is a folder, not an image.", "Check the path.")
    if not stat.S_ISREG(found.st_mode):
        raise ImageError(f"{name} is a device, a pipe or a socket, not an image.", "Check the path.")
    if found.st_size == 0:  # the kernel's files say so too, and some of them never end
        raise _empty(name)
    if found.st_size > MOST_IMAGE_BYTES:
        raise _too_large(name)


def _of_path(path: Path, name: str) -> bytes:
    try:
        descriptor = os.open(path, _OPENING)
        try:
            _check(os.fstat(descriptor), name)
        except ImageError:
            os.close(descriptor)
            raise
        with open(descriptor, "rb") as file:
            return file.read(MOST_IMAGE_BYTES + 1)
    except FileNotFoundError as error:
        raise ImageError(f"There is no image {name}.", "Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        why = error.strerror if isinstance(error, OSError) and error.strerror else "its path is none"
        raise ImageError(f"{name} cannot be read: {why}.", "Check the path.") from error
