"""The bytes of an image file, read to a limit: what a file says of its own size is not believed."""

import os
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ImageError
from pipeline.files.disk import NotRegularError, open_regular, read_at_most
from pipeline.limits import MOST_IMAGE_BYTES

Source = Path | bytes | BinaryIO


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


def _of_path(path: Path, name: str) -> bytes:
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:  # the kernel's files say so too, and some of them never end
                raise _empty(name)
            if size > MOST_IMAGE_BYTES:
                raise _too_large(name)
            return read_at_most(file, MOST_IMAGE_BYTES)
    except NotRegularError as error:
        raise ImageError(f"{name} is {error.strerror}, not an image.", "Check the path.") from error
    except FileNotFoundError as error:
        raise ImageError(f"There is no image {name}.", "Check the path.") from error
    except OSError as error:
        raise ImageError(f"{name} cannot be read: {error.strerror or 'the disk gave an error'}.",
                         "Check the path.") from error
