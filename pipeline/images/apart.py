"""A process apart that decodes the few files which are built unlike others: what they cost is limited, and if one
brings it down, the next gets another.
"""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from PIL import Image

from pipeline.errors import ImageError
from pipeline.images.colours import STRIP_PIXELS
from pipeline.images.header import damaged, too_slow
from pipeline.images.worker import LENGTH, NAME
from pipeline.limits import MOST_DECODING_SECONDS, MOST_PIXELS, MOST_UNUSUAL_BYTES, MOST_WAITING_SECONDS

_PROJECT = Path(__file__).resolve().parents[2]
_MOST_WORDS = 16_384  # bytes of an answer's words


class _Broken(Exception):
    """The process died, or said what is no answer."""


class Decoder:
    """The process: started when it is first asked, and anew after its death. One image at a time, from any thread.

    Args:
        seconds: of processor time for an image.
    """

    def __init__(self, seconds: int = MOST_DECODING_SECONDS):
        self._seconds = seconds
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._late = False

    def decode(self, content: bytes, name: str) -> tuple[Image.Image, bool]:
        """The RGB image of a file, upright, and whether it carries the mark of generated images.

        Raises:
            ImageError: it cannot be decoded, or not within the limits.
        """
        if len(content) > MOST_UNUSUAL_BYTES:
            raise ImageError(f"{name} is built unlike other images, and too large ({len(content) / 1e6:,.0f} MB) for "
                             "one.", "Open it in another program and save it as a new JPEG or PNG file.")
        with self._one_at_a_time:
            if self._process is None or self._process.poll() is not None:
                self._process = _start(self._seconds)
            self._late = False
            clock = threading.Timer(MOST_WAITING_SECONDS, self._end, (self._process,))
            clock.daemon = True
            clock.start()
            try:
                return self._asked(self._process, content, name)
            except (_Broken, OSError) as error:
                ended = _ended(self._process)
                raise too_slow(name) if self._late or ended == -signal.SIGXCPU else damaged(name) from error
            except ImageError:
                raise
            except BaseException:  # half an answer may be on its way
                _ended(self._process)
                raise
            finally:
                clock.cancel()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self._late = True
        process.kill()

    def _asked(self, process: subprocess.Popen[bytes], content: bytes, name: str) -> tuple[Image.Image, bool]:
        told, _ = _pipes(process)
        told.write(LENGTH.pack(len(content)))
        told.write(content)
        told.flush()
        said = _answer(process)
        if "problem" in said:
            raise ImageError(str(said["problem"]).replace(NAME, name), str(said.get("next_step", "")))
        width, height = said.get("width"), said.get("height")
        if not (isinstance(width, int) and isinstance(height, int) and 0 < width * height <= MOST_PIXELS and width > 0):
            raise _Broken
        image = Image.new("RGB", (width, height))
        lines = max(1, STRIP_PIXELS // width)
        for top in range(0, height, lines):
            size = (width, min(lines, height - top))
            image.paste(Image.frombytes("RGB", size, _read(process, size[0] * size[1] * 3)), (0, top))
        return image, said.get("generated") is True

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._process is not None:
            _ended(self._process)
            self._process = None


def _start(seconds: int) -> subprocess.Popen[bytes]:
    # a session of its own: Ctrl-C is for this process, with whose end its input ends
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.images.worker", str(seconds)], cwd=_PROJECT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"},
    )


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """To it and from it."""
    assert process.stdin is not None and process.stdout is not None  # as `_start` asks for them
    return process.stdin, process.stdout


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Its exit code, after it is ended where it still lives."""
    told, said = _pipes(process)
    with contextlib.suppress(OSError):
        told.close()
    try:
        code = process.wait(0.5)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    said.close()
    return code


def _read(process: subprocess.Popen[bytes], size: int) -> bytes:
    found = _pipes(process)[1].read(size)
    if len(found) != size:
        raise _Broken
    return found


def _answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    (length,) = LENGTH.unpack(_read(process, LENGTH.size))
    if length > _MOST_WORDS:
        raise _Broken
    try:
        said = json.loads(_read(process, length))
    except ValueError as error:
        raise _Broken from error
    if not isinstance(said, dict):
        raise _Broken
    return said


_decoder = Decoder()


def _forget() -> None:
    """In a fork: the process, and what is said to it, are the parent's."""
    global _decoder
    theirs, _decoder = _decoder._process, Decoder()
    for pipe in _pipes(theirs) if theirs else ():
        with contextlib.suppress(OSError):
            os.close(pipe.fileno())


def decode_apart(content: bytes, name: str) -> tuple[Image.Image, bool]:
    """`Decoder.decode` by this process's own one."""
    return _decoder.decode(content, name)


atexit.register(lambda: _decoder.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
