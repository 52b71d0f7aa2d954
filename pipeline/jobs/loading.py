"""A stop is heard while libraries load, which takes seconds, or many on a busy computer."""

import contextlib
import importlib.abc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

from pipeline.progress import Cancelled

_SECONDS_BETWEEN_LOOKS = 0.2


class _AsksFirst(importlib.abc.MetaPathFinder):
    """Finds no module, but is asked for each one that this thread imports, and refuses once a stop was asked for."""

    def __init__(self, stop_asked: Callable[[], bool]):
        self._stop_asked, self._looked, self.stopped = stop_asked, -_SECONDS_BETWEEN_LOOKS, False
        self._owner = os.getpid(), threading.get_ident()

    def find_spec(self, fullname, path=None, target=None):
        if (os.getpid(), threading.get_ident()) != self._owner:
            return None
        if time.monotonic() - self._looked > _SECONDS_BETWEEN_LOOKS:
            self._looked, self.stopped = time.monotonic(), self._stop_asked()
        if self.stopped:  # again and again: a library may catch the first
            raise Cancelled()
        return None


@contextlib.contextmanager
def stops_while_loading(stop_asked: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, importing a module that is not loaded yet raises Cancelled once `stop_asked()` is true.

    A library that was cut short is not loaded; a process that goes on afterwards loads it again, or needs it no more.
    """
    finder = _AsksFirst(stop_asked)
    sys.meta_path.insert(0, finder)
    try:
        yield
    except Cancelled:
        raise
    except Exception as error:
        if finder.stopped:  # what a library made of it
            raise Cancelled() from error
        raise
    finally:
        sys.meta_path.remove(finder)
