"""A look at a Windows bitmap, and at an AVIF file."""

import struct

from pipeline.images.exif import GENERATED
from pipeline.images.header import Header, several

_PLAIN = (0, 3)  # compressions: none, and none with masks; run lengths are decoded in Python, at a pixel's pace
_AVIF_BYTES_PER_PIXEL = 24  # three planes of up to 16 bits, four bytes of the decoder's picture, and Pillow's
_MOST_BRANDS = 64


def look_at_bmp(content: bytes, name: str) -> Header:
    """The header of a Windows bitmap; one that is packed, or of a rare kind, is not plain."""
    if len(content) < 54 or int.from_bytes(content[14:18], "little") < 40:
        return Header(content=content)
    width, height = struct.unpack_from("<ii", content, 18)
    (packing,) = struct.unpack_from("<I", content, 30)
    return Header(abs(width), abs(height), content, plain=packing in _PLAIN and width > 0 and height != 0)


def look_at_avif(content: bytes, name: str) -> Header:
    """The header of an AVIF file, which is never plain: its coding has too many ways to be slow.

    Its EXIF is renamed, so that Pillow does not read it: AVIF says in its own boxes how the picture is turned.

    Raises:
        ImageError: it is an animation.
    """
    brands = content[8:12]
    if brands == b"avis":
        raise several(name, "an animation")
    start = content.find(b"meta", 0, 1024)
    length = int.from_bytes(content[start - 4 : start], "big") if start > 4 else 0
    meta = content[start : start + length]
    sizes, place = [(0, 0)], meta.find(b"ispe")
    while place >= 0 and len(sizes) < _MOST_BRANDS and place + 16 <= len(meta):
        sizes.append(struct.unpack_from(">II", meta, place + 8))
        place = meta.find(b"ispe", place + 4)
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    silent = content[:start] + meta.replace(b"Exif", b"none") + content[start + len(meta) :] if length else content
    return Header(width, height, silent, generated=GENERATED in content, bytes_per_pixel=_AVIF_BYTES_PER_PIXEL)
