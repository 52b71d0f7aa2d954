"""How often something may be done within a time, whoever asks."""

import threading
import time
from collections import deque


class Budget:
    """`most` times within any `seconds`. Threads may share it."""

    def __init__(self, most: int, seconds: float):
        self._most, self._seconds = most, seconds
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether it may be done now; it then counts."""
        with self._lock:
            now = time.monotonic()
            while self._taken and self._taken[0] <= now - self._seconds:
                self._taken.popleft()
            if len(self._taken) >= self._most:
                return False
            self._taken.append(now)
            return True
