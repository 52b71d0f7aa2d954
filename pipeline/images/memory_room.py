"""Memory for images that are being decoded: threads wait for their turn rather than fill it together."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.limits import MOST_DECODING_BYTES


class MemoryRoom:
    """So many bytes, taken and given back by the threads of a process."""

    def __init__(self, most: int):
        self._most, self._taken = most, 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Waits until `size` bytes are free, or all are; a thread that has taken some must not ask for more."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + size <= self._most)
            self._taken += size
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()


DECODING = MemoryRoom(MOST_DECODING_BYTES)
