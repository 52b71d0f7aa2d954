"""What a command may write where: its one answer on stdout, everything else on stderr.

Libraries that print (kaggle, for one, and code in C) would spoil `--json`. So while a command runs, file descriptor 1
points at stderr, and only `Output.emit` and `Output.text` reach the real stdout.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from typing import Any

from pipeline.commands.progress_line import ProgressLine
from pipeline.files.disk import plain, to_json
from pipeline.shown import as_printed, valid


class Output:
    """The answer of one command, and its voice on stderr.

    Attributes:
        json: whether the answer is a JSON object; else it is text for people.
        written: whether the answer was given.
        progress: a Progress callable that writes to stderr.
    """

    def __init__(self, json: bool, descriptor: int):
        self.json, self.written = json, False
        self.progress = ProgressLine(sys.stderr)
        self._descriptor = descriptor

    def emit(self, answer: dict[str, Any]) -> None:
        """Write the one JSON object, in valid UTF-8. NaN and infinities become null.

        Raises:
            RuntimeError: an answer was given before, which breaks the contract.
        """
        if self.written:
            raise RuntimeError("A command gives one JSON object.")
        self._write(to_json(_encodable(plain(answer)), indent=1))

    def text(self, text: str) -> None:
        """Write text for people; not for use with `--json`."""
        self._write("\n".join(map(as_printed, text.split("\n"))))

    def answer(self, answer: dict[str, Any], text: str) -> None:
        """The object with `--json`, else the text."""
        if self.json:
            self.emit(answer)
        else:
            self.text(text)

    def warn(self, sentence: str) -> None:
        """A sentence on stderr, on a line of its own."""
        self.progress.end()
        print(as_printed(sentence), file=sys.stderr, flush=True)

    def _write(self, text: str) -> None:
        self.progress.end()
        self.written = True
        with os.fdopen(os.dup(self._descriptor), "wb") as stream:
            stream.write((text + "\n").encode())


def _encodable(value: Any) -> Any:
    """`value` with texts that UTF-8 can hold: names of files need not be."""
    if isinstance(value, dict):
        return {valid(key): _encodable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_encodable(one) for one in value]
    return valid(value) if isinstance(value, str) else value


@contextlib.contextmanager
def owned_stdout(json: bool) -> Iterator[Output]:
    """An Output that alone reaches stdout; whatever else is printed there goes to stderr until the block ends."""
    sys.stdout.flush()
    descriptor = os.dup(1)
    os.dup2(2, 1)
    out = Output(json, descriptor)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield out
    finally:
        out.progress.end()
        sys.stdout.flush()
        ctypes.CDLL(None).fflush(None)  # C code's buffered prints belong to stderr too
        os.dup2(descriptor, 1)
        os.close(descriptor)
