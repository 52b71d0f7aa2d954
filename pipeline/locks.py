"""One process at a time for work that several may want: the others wait, and say so."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.files import disk_errors
from pipeline.progress import Progress


@contextlib.contextmanager
def turn(path: Path, progress: Progress, sentence: str) -> Iterator[None]:
    """Holds the lock file at `path`; `progress` hears `sentence` while another process has it, and may end the wait.

    The lock goes with its process: a killed one leaves none behind.

    Raises:
        WorkspaceError: the lock file cannot be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    with file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress(None, sentence)
                time.sleep(0.2)
        yield
