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


def steps_of(work) -> list[tuple[float, str]]:
    """Each step that short work tells until its end."""
    heard = [work.step()]
    while work.running:
        if (step := work.step()) != heard[-1]:
            heard.append(step)
        time.sleep(0.05)
    return heard
