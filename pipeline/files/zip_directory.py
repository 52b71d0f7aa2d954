"""How long a small zip's directory is, seen before Python's reader takes half a kilobyte for each of its entries."""

import struct
from typing import IO

_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _LONGEST_COMMENT = 22, 2**16


def has_short_directory(file: IO[bytes], entries: int, size: int) -> bool:
    """Whether the zip has at most so many `entries` and `size` bytes of directory; False also for what is no zip, or is
    one of the kind for more than 4 GB. Leaves `file` at its beginning.
    """
    length = file.seek(0, 2)
    file.seek(max(0, length - _LONGEST_COMMENT - _END_BYTES - 20))
    end = file.read()
    file.seek(0)
    place = end.rfind(_END)
    if place < 0 or len(end) < place + _END_BYTES or end[max(0, place - 20) : place].startswith(_END_64):
        return False
    named, taken = struct.unpack_from("<HI", end, place + 10)
    return named <= entries and taken <= size
