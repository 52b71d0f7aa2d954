"""One process at a time: the one kind of lock, which goes with the process that holds it.

By the package `filelock`, on a file that stays where it is: `flock` on Linux and macOS, `msvcrt` on Windows.
"""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.files.disk import disk_errors
from pipeline.progress import Progress

_SECONDS_BETWEEN_LOOKS = 0.2


@contextlib.contextmanager
def lock_if_free(path: Path) -> Iterator[bool]:
    """Whether the lock file at `path` is ours for the block; never waits.

    Raises:
        WorkspaceError: the lock file cannot be written.
    """
    # not reentrant across instances: another thread that asks is another holder; any thread may give it back
    lock = FileLock(path, thread_local=False)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
    try:
        yield lock.is_locked
    finally:
        lock.release()


@contextlib.contextmanager
def file_lock(path: Path, progress: Progress, sentence: str) -> Iterator[None]:
    """Holds the lock file at `path`; `progress` hears `sentence` while another process has it, and may end the wait.

    Raises:
        WorkspaceError: the lock file cannot be written.
    """
    while True:
        with lock_if_free(path) as mine:
            if mine:
                yield
                return
        progress(None, sentence)
        time.sleep(_SECONDS_BETWEEN_LOOKS)
