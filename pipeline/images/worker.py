"""`python -m pipeline.images.worker SECONDS`: decodes the images that it reads from its input, under limits on itself.

A question is a file, its length in four bytes before it. The answer is a JSON object, its length before it likewise:
{width, height, generated}, followed by the RGB pixels line by line, or {problem, next_step} with NAME for the file's
name. It ends with its input.
"""

import contextlib
import json
import math
import os
import struct
import sys
from typing import Any, BinaryIO

from pipeline.errors import ImageError
from pipeline.images.colours import by_strips
from pipeline.images.decoding import decode, look
from pipeline.images.header import too_much_memory
from pipeline.limits import MOST_DECODING_BYTES, MOST_UNUSUAL_BYTES

LENGTH = struct.Struct(">I")
NAME = "\0"
# the file and its copy without metadata lie beside what is decoded
_ROOM = MOST_DECODING_BYTES + 3 * MOST_UNUSUAL_BYTES


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # no such limits on this system: the asker's clock
        import resource

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (used + _ROOM, used + _ROOM))


def _limit_time(seconds: int) -> None:
    """From now on so many seconds of processor time; then the system ends this process."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(used.ru_utime + used.ru_stime) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _tell(answer: BinaryIO, **words: Any) -> None:
    said = json.dumps(words).encode()
    answer.write(LENGTH.pack(len(said)) + said)


def _serve(content: bytes, answer: BinaryIO) -> None:
    try:
        kind, header = look(content, NAME)
        del content
        image = decode(kind, header, NAME)
    except (ImageError, MemoryError) as error:
        refusal = error if isinstance(error, ImageError) else too_much_memory(NAME)
        _tell(answer, problem=refusal.problem, next_step=refusal.next_step)
        return
    _tell(answer, width=image.width, height=image.height, generated=header.generated)
    for box in by_strips(image):
        answer.write(image.crop(box).tobytes())


def main() -> None:
    questions, answer = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    _limit_memory()
    while length := questions.read(LENGTH.size):
        _limit_time(int(sys.argv[1]))
        _serve(questions.read(*LENGTH.unpack(length)), answer)
        answer.flush()


if __name__ == "__main__":
    main()
