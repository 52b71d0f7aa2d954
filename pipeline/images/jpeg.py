"""A look at a JPEG file: its size, its number of scans, and all of it but its metadata."""

import struct

from pipeline.errors import ImageError
from pipeline.images.exif import Exif, read_exif
from pipeline.images.header import Header
from pipeline.limits import MOST_BLOCKS, MOST_PROFILE_BYTES, MOST_SCANNED_PIXELS

_SCAN = 0xDA
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JFIF, _APP1, _APP2, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_METADATA = {*range(0xE0, 0xF0), 0xFE} - {_JFIF, _ADOBE}  # those two say how the colours are stored
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
_MOST_SCANS = 64  # encoders write ten or so; small files with thousands cost seconds

Segment = tuple[int, int, int]  # marker, where it begins, where it ends


def _segments(content: bytes) -> list[Segment]:
    """The segments up to the first scan, that included; none where the file is built unlike others."""
    found, place = [], 2
    for _ in range(MOST_BLOCKS):
        if place + 4 > len(content):
            return []
        lead, marker, length = struct.unpack_from(">BBH", content, place)
        end = place + 2 + length
        if lead != 0xFF or marker < 0xC0 or 0xD0 <= marker < _SCAN or length < 2 or end > len(content):
            return []
        found.append((marker, place, end))
        if marker == _SCAN:
            return found
        place = end
    return []


def _without_metadata(content: bytes, segments: list[Segment]) -> bytes:
    if not any(marker in _METADATA for marker, _, _ in segments):
        return content
    kept = [content[start:end] for marker, start, end in segments[:-1] if marker not in _METADATA]
    return b"".join([content[:2], *kept, content[segments[-1][1] :]])


def _profile(content: bytes, parts: list[Segment]) -> bytes:
    """The ICC profile, put together in the order that its parts say; nothing where one is missing."""
    numbered = {content[start + 16]: content[start + 18 : end] for _, start, end in parts if end - start > 18}
    if sorted(numbered) != list(range(1, len(parts) + 1)):
        return b""
    return b"".join(numbered[number] for number in sorted(numbered))


def _starting(segments: list[Segment], content: bytes, marker: int, beginning: bytes) -> list[Segment]:
    return [one for one in segments if one[0] == marker and content.startswith(beginning, one[1] + 4)]


def look(content: bytes, name: str) -> Header:
    """The header of a JPEG file; one that is built unlike others, or has very many scans, is not plain.

    Raises:
        ImageError: it does not tell how its four inks are stored, or it has more than 8 bits a colour.
    """
    segments = _segments(content)
    frames = [one for one in segments if one[0] in _FRAMES]
    if len(frames) != 1 or frames[0][2] - frames[0][1] < 10:
        return Header(content=content)
    kind, start, _ = frames[0]
    bits, height, width, colours = struct.unpack_from(">BHHB", content, start + 4)
    if bits != 8:
        raise ImageError(f"{name} is a JPEG with {bits} bits a colour, which LesionLab does not read.",
                         "Save it with 8 bits a colour.")
    if colours == 4 and not _starting(segments, content, _ADOBE, b"Adobe"):  # as they are, or inverted?
        raise ImageError(f"{name} has four inks (CMYK) and does not tell how they are stored.",
                         "Save it as an RGB JPEG or PNG file.")
    exif = _starting(segments, content, _APP1, _EXIF)
    turned = read_exif(content[exif[0][1] + 4 : exif[0][2]]) if exif else Exif()
    parts = _starting(segments, content, _APP2, _ICC)
    profile = _profile(content, parts) if sum(end - start for _, start, end in parts) <= MOST_PROFILE_BYTES else b""
    first_scan = segments[-1][1]
    at_once = kind in _SEQUENTIAL and content[first_scan + 4] == colours
    # within compressed data a zero follows each 0xFF, so this counts scans, and those of pictures behind this one
    scans = 1 if at_once else content.count(b"\xff\xda", first_scan)
    return Header(
        width, height, _without_metadata(content, segments),
        plain=(at_once or kind in (*_SEQUENTIAL, _PROGRESSIVE)) and scans * width * height <= MOST_SCANNED_PIXELS
        and scans <= _MOST_SCANS and width * height > 0,
        orientation=turned.orientation, generated=turned.generated, profile=profile,
        as_it_is=colours in (1, 3),
        bytes_per_pixel=8 if at_once else 10,  # all coefficients are kept until the last scan
    )
