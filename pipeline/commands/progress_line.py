"""Progress on stderr: one line rewritten in place on a terminal, a line now and then in a log."""

import shutil
import time
from typing import TextIO

from pipeline.shown import as_printed

_SECONDS_ON_TERMINAL = 0.1
_SECONDS_IN_LOG = 5.0


class ProgressLine:
    """A Progress callable that writes to `stream`, seldom enough to be read.

    On a terminal the same line is rewritten at most ten times a second. Elsewhere a line is written every 5 s, and
    whenever a piece of work is complete (fraction 1).
    """

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._terminal = stream.isatty()
        self._last_time: float | None = None
        self._shown = ""
        self._open = False

    def __call__(self, fraction: float | None, sentence: str) -> None:
        sentence = as_printed(sentence)
        line = sentence if fraction is None else f"{100 * fraction:3.0f} %  {sentence}"
        now = time.monotonic()
        pause = _SECONDS_ON_TERMINAL if self._terminal else _SECONDS_IN_LOG
        waited = self._last_time is None or now - self._last_time >= pause
        if line == self._shown or not (waited or fraction == 1.0):
            return
        self._last_time, self._shown = now, line
        if self._terminal:
            width = max(shutil.get_terminal_size().columns - 1, 20)
            self._stream.write("\r\033[K" + (line if len(line) <= width else line[: width - 1] + "…"))
            self._open = True
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def end(self) -> None:
        """Close the rewritten line, so that what comes next starts on a line of its own."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = False
