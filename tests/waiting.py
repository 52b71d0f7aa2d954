"""Waiting for what another process does."""

import contextlib
import time
from collections.abc import Callable


def wait_until(there: Callable[[], object], seconds: float = 30.0) -> None:
    """Returns once `there` is true; a file that does not exist yet counts as not there."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(FileNotFoundError):
            if there():
                return
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
