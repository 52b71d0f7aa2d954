"""Files that somebody names: never a device, a pipe or a file of the kernel, and never read beyond a bound."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import DataError
from pipeline.files import disk as files


def _refused(path: Path, why: str | OSError) -> DataError:
    words = (why.strerror or "the disk gave an error") if isinstance(why, OSError) else why
    return DataError(f"{path} cannot be read: {words}.", "Check the file.")


def open_regular(path: Path) -> BinaryIO:
    """The file at `path`, to be read in binary. Opening never waits, as it would for a writer to a pipe.

    Raises:
        DataError: there is none, it is not a regular file, or it may not be read.
    """
    try:
        return files.open_regular(path)
    except files.NotRegularError as error:
        raise DataError(f"{path} is not a file with content: it is {error.strerror}.", "Give a file.") from error
    except OSError as error:
        raise _refused(path, error) from error


def is_folder(path: Path) -> bool:
    """Whether a folder is there; what cannot be asked about is none."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def read_regular(path: Path, most: int, *, whole: bool = True) -> bytes:
    """The content of the file at `path`, at most `most` bytes; without `whole` what a larger one begins with.

    Raises:
        DataError: as `open_regular`, or it has more bytes than `most`, or than the system says that it has, as files of
            the kernel do.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most and whole:
            raise too_large(str(path), most)
        try:
            content = files.read_at_most(file, most)
        except OSError as error:
            raise _refused(path, error) from error
    if len(content) > size:
        raise _refused(path, "it has more content than its size says")
    if len(content) > most and whole:  # it grew
        raise too_large(str(path), most)
    return content[:most]


def too_large(named: str, most: int) -> DataError:
    """The refusal of what has more than `most` bytes; `named` begins the sentence."""
    return DataError(f"{named} has more than {most / 2**20:,.0f} MiB, the most that is read.", "Make it smaller.")
