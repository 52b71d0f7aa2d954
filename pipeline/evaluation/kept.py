"""Files that are derived from others and named by their state: once one of those changes there is none any more."""

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import MissingFileError
from pipeline.files.disk import read_errors, replace_file


def kept_path(folder: Path, name: str, of: Sequence[Path]) -> Path | None:
    """Where in `folder` the file lies for the present state of the files and folders `of`, whether it is there or not;
    None where one of them is missing.

    Args:
        name: of the file, with {} for the state.

    Raises:
        WorkspaceError: one is there and cannot be asked about.
    """
    states = []
    for path in of:
        try:
            with read_errors(path):
                found = path.stat()
        except MissingFileError:
            return None
        states.append((found.st_mtime_ns, found.st_size))
    return folder / name.format(hashlib.sha256(repr(states).encode()).hexdigest()[:16])


def keep(path: Path, name: str, content: bytes) -> None:
    """Writes the file at `path` (of `kept_path` with this `name`) and removes those of earlier states.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    replace_file(path, content)
    for older in set(path.parent.glob(name.format("*"))) - {path}:
        with contextlib.suppress(OSError):  # it only takes space
            older.unlink()
