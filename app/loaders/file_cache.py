"""The one way in which the app keeps what it read: by the arguments, until one of the files behind it changes."""

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Generic, Literal, ParamSpec, TypeVar

import streamlit as st

Stamp = tuple[str, int, int]  # path, time of the last change in ns, size in bytes
_NO_FILE, _UNREADABLE = (0, 0), (0, -1)
_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def stamp(path: Path) -> Stamp:
    """What changes whenever the file at `path` does."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (str(path), *_NO_FILE)
    except OSError:  # a loop of links, a folder that nobody may enter: its reader says which
        return (str(path), *_UNREADABLE)
    return (str(path), found.st_mtime_ns, found.st_size)


def is_missing(path: Path) -> bool:
    """Whether no file is at `path`; one that cannot be looked at is not missing."""
    return stamp(path)[1:] == _NO_FILE


class Kept(Generic[_Given, _Found]):
    """A loader whose results are kept: called like the function that it was made of; see `kept`."""

    def __init__(
        self, load: Callable[_Given, _Found], files: Callable[..., Iterable[Path]], entries: int, copied: bool,
        most_bytes: int | None, of_session: bool, waiting: str | bool,
    ):
        def read(key: str, _arguments: tuple[Any, ...]) -> _Found:
            return load(*_arguments)  # type: ignore[call-arg]  # all by their places, as the signature has them

        functools.update_wrapper(self, load)
        self._signature, self._files = inspect.signature(load), files
        read.__module__, read.__qualname__ = load.__module__, load.__qualname__  # Streamlit tells caches apart by them
        scope: Literal["global", "session"] = "session" if of_session else "global"
        if copied or of_session:
            self._store = st.cache_data(
                max_entries=entries, max_size=most_bytes, scope=scope, show_spinner=waiting)(read)
        else:
            self._store = st.cache_resource(max_entries=entries, show_spinner=waiting)(read)

    def __call__(self, *arguments: _Given.args, **named: _Given.kwargs) -> _Found:
        given = self._signature.bind(*arguments, **named)
        given.apply_defaults()
        counted = [_told(value) for name, value in given.arguments.items() if not name.startswith("_")]
        stamps = [stamp(path) for path in self._files(*given.args)]
        return self._store(repr((counted, stamps)), given.args)

    def clear(self) -> None:
        """Forgets all that is kept, of a session's that of this session."""
        self._store.clear()


def kept(
    files: Callable[..., Iterable[Path]], *, entries: int, copied: bool = False, most_bytes: int | None = None,
    of_session: bool = False, waiting: str | bool = False,
) -> Callable[[Callable[_Given, _Found]], Kept[_Given, _Found]]:
    """Keeps what a loader returns for its arguments until one of `files` changes; what it raises is not kept.

    An argument counts by its value, a path or what lies in a `folder` by that place; one whose name begins with an
    underscore does not count.

    Args:
        files: gives, for the loader's arguments by their places, all files that its result is made from.
        entries: how many results are kept; beyond them the oldest goes.
        copied: every caller gets a copy of its own; else all share one object, which must not be changed.
        most_bytes: how much the copies may take together.
        of_session: copies are kept for one visitor's session only, and go with it.
        waiting: what the page says while the loader works.
    """
    return lambda load: Kept(load, files, entries, copied, most_bytes, of_session, waiting)


def _told(value: Any) -> Any:
    """An argument as a value that says all that counts of it."""
    if isinstance(value, list | tuple):
        return [_told(one) for one in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(folder := getattr(value, "folder", None), Path):
        return type(value).__name__, str(folder)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"A loader cannot be kept by an argument of the type {type(value).__name__}.")
