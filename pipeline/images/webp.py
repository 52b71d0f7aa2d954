"""A look at a WebP file."""

import struct

from pipeline.images.exif import Exif, read_exif
from pipeline.images.header import Header, several
from pipeline.limits import MOST_BLOCKS, MOST_PROFILE_BYTES

_BYTES_PER_PIXEL = 24  # the decoder keeps two canvases of four bytes beside what Pillow makes of them


def _size(kind: bytes, chunk: bytes) -> tuple[int, int] | None:
    """(width, height) that a chunk tells of the picture."""
    if kind == b"VP8X" and len(chunk) >= 10:
        return 1 + int.from_bytes(chunk[4:7], "little"), 1 + int.from_bytes(chunk[7:10], "little")
    if kind == b"VP8 " and len(chunk) >= 10:
        width, height = struct.unpack_from("<HH", chunk, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and len(chunk) >= 5:
        bits = int.from_bytes(chunk[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def look(content: bytes, name: str) -> Header:
    """The header of a WebP file; one that is built unlike others is not plain.

    Raises:
        ImageError: it is an animation.
    """
    place, size, exif, profile, frames = 12, None, Exif(), b"", 0
    for _ in range(MOST_BLOCKS):
        if place + 8 > len(content):
            break
        kind, length = struct.unpack_from("<4sI", content, place)
        chunk = content[place + 8 : place + 8 + min(length, MOST_PROFILE_BYTES + 1)]
        size = size or _size(kind, chunk)
        if kind == b"EXIF":
            exif = read_exif(chunk)
        elif kind == b"ICCP" and length <= MOST_PROFILE_BYTES:
            profile = chunk
        frames += kind == b"ANMF"
        place += 8 + length + length % 2
    if frames > 1:
        raise several(name, f"an animation of {frames:,} pictures")
    width, height = size or (0, 0)
    return Header(width, height, content, plain=size is not None and place >= len(content) and not frames,
                  orientation=exif.orientation, generated=exif.generated, profile=profile,
                  bytes_per_pixel=_BYTES_PER_PIXEL)
