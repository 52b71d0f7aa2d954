"""A look at a PNG file: its size, and all of it but its metadata."""

import struct
import zlib

from pipeline.images.exif import Exif, read_exif
from pipeline.images.header import Header, damaged, several
from pipeline.limits import MOST_CHUNKS, MOST_PROFILE_BYTES

_SIGNATURE = 8
_OF_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_GREY_8_BIT, _RGB_8_BIT = b"\x08\0", b"\x08\2"


def is_grey_png(content: bytes) -> bool:
    """Whether an image file is a PNG of 8-bit grey levels."""
    return content[12:16] == b"IHDR" and content[24:26] == _GREY_8_BIT


def _unpacked(chunk: bytes) -> bytes:
    """The profile of an iCCP chunk; nothing where it is broken or too long."""
    start = chunk.find(b"\0") + 2
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(chunk[start:], MOST_PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if unpacking.eof else b""


def look(content: bytes, name: str) -> Header:
    """The header of a PNG file; one of very many chunks is not plain.

    Raises:
        ImageError: it does not begin with its header, or is an animation.
    """
    if content[12:16] != b"IHDR" or len(content) < 33:
        raise damaged(name)
    width, height = struct.unpack_from(">II", content, 16)
    place, since, pieces = _SIGNATURE, 0, []
    exif, profile, transparent = Exif(), None, False
    for _ in range(MOST_CHUNKS):
        if place + 8 > len(content):
            break
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 12 + length
        if kind not in _OF_PIXELS and kind[0] & 0x20:  # a small first letter: may be left out
            if kind == b"eXIf":
                exif = read_exif(content[place + 8 : end - 4])
            elif kind == b"iCCP" and profile is None:
                profile = _unpacked(content[place + 8 : min(end - 4, place + 8 + MOST_PROFILE_BYTES)])
            elif kind == b"acTL" and length >= 4 and content[place + 8 : place + 12] not in (b"\0\0\0\0", b"\0\0\0\1"):
                raise several(name, "an animation")
            pieces.append(content[since:place])
            since = end
        transparent |= kind == b"tRNS"
        if kind == b"IEND":
            break
        place = end
    else:
        return Header(width, height, content)
    return Header(
        width, height, b"".join([*pieces, content[since:]]) if pieces else content, plain=width * height > 0,
        orientation=exif.orientation, generated=exif.generated, profile=profile or b"",
        as_it_is=content[24:26] in (_GREY_8_BIT, _RGB_8_BIT) and not transparent,
    )
