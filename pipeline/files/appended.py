"""Files that only grow: a JSON object a line, which several processes may add to at once.

A line is one write to a file opened to append, so lines of two processes do not mix. A process that is killed in it
leaves the beginning of a line; whoever adds the next one ends it first, and readers pass over it. A line is on the disk
when the system writes it there: it outlives the process, not in every case a power cut in the next seconds.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import WorkspaceError
from pipeline.files.disk import REPAIR, disk_errors, plain, read_bytes

_APPENDING = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def append_line(path: Path, values: Mapping[str, Any], most: int) -> None:
    """Adds a line to the file at `path`, which is made where there is none; its folder must be there.

    Args:
        most: bytes that the file may have with it.

    Raises:
        WorkspaceError: the file would be too large, the disk is full, it cannot be written, or it is a link, which may
            lead out of the workspace.
    """
    if path.is_symlink():
        raise WorkspaceError(f"{path} is a link, and such a file is none.", REPAIR)
    line = json.dumps(plain(dict(values)), allow_nan=False).encode() + b"\n"  # ASCII: no character is cut in two
    with disk_errors(path):
        file = os.open(path, _APPENDING, 0o644)
        try:
            size = os.fstat(file).st_size
            if size and _byte_at(file, size - 1) != b"\n":
                line = b"\n" + line
            if size + len(line) > most:
                raise WorkspaceError(f"{path} would be larger than {most / 2**10:,.0f} KiB.", "Nothing was added.")
            written = os.write(file, line)
        finally:
            os.close(file)
    if written < len(line):
        raise WorkspaceError(f"The disk is full: {path} could not be written.", "Free some space and try again.")


def _byte_at(file: int, place: int) -> bytes:
    os.lseek(file, place, os.SEEK_SET)  # what is written goes to the end all the same
    return os.read(file, 1)


def read_lines(path: Path, most: int, repair: str = REPAIR) -> list[bytes]:
    """The lines of the file at `path`, without what killed processes have left of one; none where there is no file.

    What a line holds is checked by whoever asks (`records.record`).

    Raises:
        WorkspaceError: it cannot be read, or is larger than `most` bytes.
    """
    if not os.path.lexists(path):
        return []
    return [line for line in read_bytes(path, most, repair).split(b"\n") if line and not _torn(line)]


def _torn(line: bytes) -> bool:
    """Whether it is the beginning of a JSON object, and not all of it."""
    from pydantic_core import from_json

    if not line.startswith(b"{"):
        return False
    try:
        from_json(line, allow_inf_nan=False)
    except ValueError:
        try:
            from_json(line, allow_inf_nan=False, allow_partial=True)
        except ValueError:
            return False
        return True
    return False
