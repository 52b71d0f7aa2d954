"""Reading and writing small files in the workspace so that a reader never sees half of one."""

import contextlib
import errno
import functools
import json
import math
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Concatenate, ParamSpec, TypeVar

from pipeline.errors import MissingFileError, WorkspaceError
from pipeline.limits import MOST_JSON_BYTES, MOST_JSON_DEPTH, MOST_JSON_VALUES

REPAIR = "Delete the folder that holds it, or restore it from a copy."
_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")
_OPENING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
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
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
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


def folders_with(place: Path, name: str) -> list[Path]:
    """The folders in `place`, by name, that have something at `name`, be it a damaged file or a loop of links, which
    `Path.glob` passes over in silence.
    """
    try:
        folders = sorted(os.listdir(place))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [place / folder for folder in folders if os.path.lexists(os.path.join(place, folder, name))]


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
    try:
        content = (to_json(value, indent=1) + "\n").encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair, as a command line can hold it
        raise WorkspaceError(f"{path} cannot hold what it should: a text has a character that no file can hold.",
                             "Write it without that character.") from error
    replace_file(path, content)


class NotRegularError(OSError):
    """What is at a path is no regular file; `strerror` says what it is."""


def _check_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        is_folder = stat.S_ISDIR(found.st_mode)
        raise NotRegularError(errno.EINVAL, "a folder" if is_folder else "a device, a pipe or a socket")


def open_regular(path: Path) -> BinaryIO:
    """The regular file at `path`, to be read in binary. Opening never waits, as it would for a writer to a pipe.

    Raises:
        NotRegularError: it is a folder, a device, a pipe or a socket.
        OSError: there is none, it may not be read, or no file can have that name.
    """
    try:
        _check_regular(os.stat(path))  # before it is opened, because opening a device can do something
        descriptor = os.open(path, _OPENING)
    except ValueError as error:  # a NUL in the path, or a name that the file system cannot encode
        raise OSError(errno.EINVAL, "no file can have this name") from error
    try:
        _check_regular(os.fstat(descriptor))  # it may have been exchanged in between
    except NotRegularError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def stamp_of(path: Path) -> tuple[int, ...] | None:
    """What is another one once the file at `path` was replaced or written to; None where it cannot be looked at."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def kept_while_unchanged(entries: int) -> Callable[
    [Callable[Concatenate[Path, _Given], _Found]], Callable[Concatenate[Path, _Given], _Found]
]:
    """Keeps what a reader returns for the file at its first argument and for its further ones, while that file stays as
    it is. All callers share one object, which must not be changed; what the reader raises is not kept.

    Args:
        entries: how many results are kept; beyond them the one that was asked for longest ago goes.
    """
    def keep(read: Callable[Concatenate[Path, _Given], _Found]) -> Callable[Concatenate[Path, _Given], _Found]:
        @functools.lru_cache(maxsize=entries)
        def kept(_stamp: tuple[int, ...], path: Path, *given: _Given.args, **named: _Given.kwargs) -> _Found:
            return read(path, *given, **named)

        @functools.wraps(read)
        def ask(path: Path, /, *given: _Given.args, **named: _Given.kwargs) -> _Found:
            stamp = stamp_of(path)  # before it is read: a change in between is then seen the next time
            if stamp is None:
                return read(path, *given, **named)
            return kept(stamp, path, *given, **named)  # type: ignore[arg-type]  # unhashable ones raise TypeError

        return ask

    return keep


def read_at_most(file: BinaryIO, most: int) -> bytes:
    """The content of a file that was just opened, up to one byte more than `most` and one more than it claims to have,
    so that who asks sees when there is more; memory is taken for no more than that.
    """
    return file.read(min(os.fstat(file.fileno()).st_size, most) + 1)


def read_bytes(path: Path, most: int, repair: str = REPAIR) -> bytes:
    """The content of the regular file at `path`, of at most `most` bytes, whatever size it claims.

    Args:
        repair: what to do where it cannot be used, in a sentence.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it is a folder, a loop of links, unreadable, or larger.
    """
    with read_errors(path, repair), open_regular(path) as file:
        content = read_at_most(file, most)
    if len(content) > most:
        raise WorkspaceError(f"{path} is larger than {most / 2**20:,.0f} MiB, more than such a file may be.", repair)
    return content


@contextlib.contextmanager
def read_errors(path: Path, repair: str = REPAIR) -> Iterator[None]:
    """Turns the operating system's refusals to read `path` into a WorkspaceError."""
    try:
        yield
    except NotRegularError as error:
        raise WorkspaceError(f"{path} is no file.", repair) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(f"There is no file {path}.", repair) from error
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be read: {error.strerror or 'the disk gave an error'}.", repair) from error


def check_values(content: bytes, name: str, repair: str = REPAIR) -> None:
    """Sees to it that JSON has few values, before it is parsed: each takes memory, and each comes with one of these
    marks.

    Raises:
        WorkspaceError: it has too many.
    """
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_JSON_VALUES:
        raise WorkspaceError(f"{name} is damaged: it has more than {MOST_JSON_VALUES:,} values.", repair)


def parse_json(content: bytes, name: str, repair: str = REPAIR) -> Any:
    """The JSON `content`, whatever its shape; its numbers are finite and below 2**63, and its texts can be written.

    Args:
        name: of the file, for the sentence that says what is wrong.

    Raises:
        WorkspaceError: it is no JSON, is nested too deeply, or has too many values or too large a number.
    """
    from pydantic_core import from_json  # 40 ms, which a process that reads none does not spend

    check_values(content, name, repair)
    try:
        found = from_json(content, allow_inf_nan=False)  # refuses depth over 200, half surrogates, 4,300 digits
    except ValueError as error:  # whose text may quote the file
        line = re.search(r"at line (\d+)", str(error))
        where = f" in line {line[1]}" if line else ""
        raise WorkspaceError(f"{name} is damaged: it is no JSON that can be read{where}.", repair) from None
    waiting = [(found, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MOST_JSON_DEPTH:
            raise WorkspaceError(f"{name} is damaged: it is nested too deeply.", repair)
        if isinstance(value, (int, float)) and not abs(value) < 2**63:
            raise WorkspaceError(f"{name} is damaged: it has a number that is too large.", repair)
        if isinstance(value, (list, dict)):
            waiting += ((one, depth + 1) for one in (value.values() if isinstance(value, dict) else value))
    return found


def read_json(path: Path, repair: str = REPAIR) -> Any:
    """The JSON at `path`, as `parse_json` gives it; a file whose shape is known is read by `records.read_record`.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it cannot be read, or is damaged.
    """
    return parse_json(read_bytes(path, MOST_JSON_BYTES, repair), str(path), repair)
