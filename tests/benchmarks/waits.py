"""What a benchmark says while one waits for it, and how it is broken off without losing what it has measured."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STARTED = time.monotonic()
INTERRUPTED = 130  # exit status, as a shell has it for Ctrl-C


def say(sentence: str) -> None:
    """The sentence on stderr, with the seconds since the start."""
    print(f"{time.monotonic() - _STARTED:5.0f} s  {sentence}", file=sys.stderr, flush=True)


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Ctrl-C or SIGTERM ends the block instead of the process, so that what was measured until then can be printed."""

    def stop(*_) -> None:
        say("Interrupted: clears up, then prints what was measured until now.")
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
