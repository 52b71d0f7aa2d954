"""Reading and writing small files in the workspace so that a reader never sees half of one."""

import contextlib
import errno
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from pipeline.errors import WorkspaceError


@contextlib.contextmanager
def disk_errors(path: Path):
    """Turn the operating system's refusals about `path` (full disk, no permission) into a WorkspaceError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WorkspaceError(
                f"The disk is full: {path} could not be written.",
                "Free some space (old runs and caches in the workspace are the first candidates) and try again.",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT):
            raise WorkspaceError(
                f"{path} cannot be written: {error.strerror}.",
                "Set LESIONLAB_HOME to a folder that you may write to.",
            ) from error
        raise


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and move it there in one step; parents are created.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: NaN and infinities become None, numpy scalars plain numbers, paths text."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text of `value` after `plain`; refuses what JSON cannot hold."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=indent)


def write_json(path: Path, value: Any) -> None:
    """Replace the JSON file at `path` atomically."""
    replace_file(path, (to_json(value, indent=1) + "\n").encode())


def read_json(path: Path) -> Any:
    """The JSON at `path`.

    Raises:
        FileNotFoundError: there is no such file.
        WorkspaceError: the file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise WorkspaceError(
            f"{path} is damaged: it is not text.", "Delete the folder that holds it, or restore it from a copy."
        ) from error
    except json.JSONDecodeError as error:
        raise WorkspaceError(
            f"{path} is damaged: {error.msg} in line {error.lineno}.",
            "Delete the folder that holds it, or restore it from a copy.",
        ) from error
