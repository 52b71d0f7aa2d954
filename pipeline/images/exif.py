"""Two entries of an EXIF block: how the picture is to be turned, and the mark of generated images.

Pillow reads all of EXIF, however nested, at a cost that the file's author chooses; nothing else is needed here.
"""

import struct
from typing import NamedTuple

from pipeline.images.generated import EXIF_NOTICE

ORIENTATION, DESCRIPTION = 0x0112, 0x010E
GENERATED = EXIF_NOTICE.encode("ascii")
_ASCII, _SHORT, _LONG = 2, 3, 4
_MOST_ENTRIES = 512


class Exif(NamedTuple):
    """`orientation` 1 to 8, 1 also where it is absent or broken; `generated`: whether the description is the mark."""

    orientation: int = 1
    generated: bool = False


def byte_order(block: bytes) -> str | None:
    """struct's sign for the byte order of a TIFF block; None where it is none."""
    return {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])


def read_exif(block: bytes) -> Exif:
    """What an EXIF block says, without its leading `Exif\\0\\0`; of a broken one what can be read."""
    block = block.removeprefix(b"Exif\0\0")
    order = byte_order(block)
    if order is None or len(block) < 10:
        return Exif()
    orientation, generated = 1, False
    (first,) = struct.unpack_from(f"{order}I", block, 4)
    if first + 2 > len(block):
        return Exif()
    (entries,) = struct.unpack_from(f"{order}H", block, first)
    for place in range(first + 2, first + 2 + 12 * min(entries, _MOST_ENTRIES), 12):
        if place + 12 > len(block):
            break
        tag, kind, count, value = struct.unpack_from(f"{order}HHI4s", block, place)
        if tag == ORIENTATION and kind in (_SHORT, _LONG) and count == 1:
            (orientation,) = struct.unpack_from(f"{order}{'H' if kind == _SHORT else 'I'}", value)
        elif tag == DESCRIPTION and kind == _ASCII:
            (start,) = struct.unpack(f"{order}I", value)
            generated = block[start : start + len(GENERATED)] == GENERATED
    return Exif(orientation if 1 <= orientation <= 8 else 1, generated)
