"""A look at a TIFF file: its pages, how its pixels are stored, and a directory of these tags alone."""

import struct
from dataclasses import dataclass

from pipeline.errors import ImageError
from pipeline.images.exif import byte_order, read_exif
from pipeline.images.header import Header, damaged, several
from pipeline.limits import MOST_PROFILE_BYTES

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_ORIENTATION, _SAMPLES, _FORMAT, _PROFILE, _DNG = 274, 277, 339, 34675, 50706
_OF_PIXELS = {
    _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, 266, 273, _SAMPLES, 278, 279, 284, 292, 293, 317, 320, 322, 323,
    324, 325, 332, 338, _FORMAT, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532,
}
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_PLAIN = {1, 5, 8, 32773, 32946}  # compressions: none, LZW, Deflate, PackBits; in JPEG lie all the ways of JPEG
_MOST_PAGES, _MOST_ENTRIES, _MOST_TAG_BYTES = 64, 200, 4 * 2**20
_PREVIEW = 1  # of tag NewSubfileType: a smaller version of another page
_MASK = 4
_WHITE_IS_ZERO, _COLOUR_FILTER, _LINEAR_RAW, _LAB = 0, 32803, 34892, (8, 9, 10)
_UNSIGNED = 1


@dataclass(frozen=True)
class _Page:
    """A directory: its raw entries by tag, and where the next one is."""

    order: str
    content: bytes
    entries: dict[int, bytes]
    following: int

    def size(self, tag: int) -> int:
        """Bytes of a tag's values."""
        if tag not in self.entries:
            return 0
        kind, count = struct.unpack_from(f"{self.order}HI", self.entries[tag], 2)
        return _BYTES.get(kind, 1) * count

    def numbers(self, tag: int, *default: int) -> tuple[int, ...]:
        """A tag's values where they are whole numbers, the first eight of them; else the default."""
        if tag not in self.entries:
            return default
        kind, count = struct.unpack_from(f"{self.order}HI", self.entries[tag], 2)
        if kind not in (1, 3, 4) or not count:
            return default
        code, values = {1: "B", 3: "H", 4: "I"}[kind], self.values(tag)
        size = _BYTES[kind]
        return struct.unpack_from(f"{self.order}{min(count, len(values) // size, 8)}{code}", values)

    def values(self, tag: int) -> bytes:
        size, raw = self.size(tag), self.entries[tag][8:]
        if size <= 4:
            return raw[:size]
        (start,) = struct.unpack(f"{self.order}I", raw)
        return self.content[start : start + size]


def _page(content: bytes, order: str, start: int) -> _Page | None:
    if start + 2 > len(content):
        return None
    (count,) = struct.unpack_from(f"{order}H", content, start)
    end = start + 2 + 12 * count
    if not 0 < count <= _MOST_ENTRIES or end > len(content):
        return None
    entries: dict[int, bytes] = {}
    for place in range(start + 2, end, 12):
        entry = content[place : place + 12]
        entries.setdefault(struct.unpack_from(f"{order}H", entry)[0], entry)
    following = content[end : end + 4]
    return _Page(order, content, entries, struct.unpack(f"{order}I", following)[0] if len(following) == 4 else 0)


def _further_pages(page: _Page) -> int:
    """How many pages follow, smaller versions and masks left aside."""
    found = 0
    seen: set[int] = set()
    while page.following and page.following not in seen and len(seen) < _MOST_PAGES:
        seen.add(page.following)
        following = _page(page.content, page.order, page.following)
        if following is None:
            break
        page = following
        found += not page.numbers(_SUBFILE, 0)[0] & (_PREVIEW | _MASK)
    return found


def _of_pixels_alone(page: _Page) -> bytes:
    """The file with one directory behind its end, of the tags that the pixels need."""
    kept = [page.entries[tag] for tag in sorted(page.entries.keys() & _OF_PIXELS)]
    padding = b"\0" * (len(page.content) % 2)
    start = struct.pack(f"{page.order}I", len(page.content) + len(padding))
    directory = struct.pack(f"{page.order}H", len(kept)) + b"".join(kept) + bytes(4)
    return b"".join([page.content[:4], start, page.content[8:], padding, directory])


def _check_samples(page: _Page, name: str) -> None:
    """Refuses samples whose brightness, or colour, cannot be known."""
    photometric, bits = page.numbers(_PHOTOMETRIC, 1)[0], page.numbers(_BITS, 1)
    if photometric in (_COLOUR_FILTER, _LINEAR_RAW) or _DNG in page.entries:
        raise ImageError(f"{name} is a camera's raw file, which LesionLab does not read.",
                         "Develop it to a JPEG or PNG file.")
    if photometric in _LAB:
        raise ImageError(f"{name} has Lab colours, which LesionLab cannot read.", "Save it as an RGB JPEG or PNG file.")
    if any(kind != _UNSIGNED for kind in page.numbers(_FORMAT, _UNSIGNED)) or any(
        one not in (1, 2, 4, 8, 16) for one in bits
    ):
        raise ImageError(
            f"{name} has pixels of {max(bits)} bits, or with a sign or fractions: which value is white is not known.",
            "Save it with 8 or 16 bits a colour.",
        )


def look(content: bytes, name: str) -> Header:
    """The header of a TIFF file; one with a compression that can be slow, or very many tags, is not plain.

    Raises:
        ImageError: it has several pages, is a camera's raw file, or has samples whose brightness or colour cannot be
            known.
    """
    order = byte_order(content)
    page = _page(content, order, struct.unpack_from(f"{order}I", content, 4)[0]) if order and len(content) > 8 else None
    if page is None:
        raise damaged(name)
    _check_samples(page, name)
    if page.numbers(_SUBFILE, 0)[0] & (_PREVIEW | _MASK):
        raise several(name, "a preview or a mask before its picture")
    if pages := _further_pages(page):
        raise several(name, f"{pages + 1:,} pages")
    width, height = page.numbers(_WIDTH, 0)[0], page.numbers(_HEIGHT, 0)[0]
    exif = read_exif(content)
    profile = page.values(_PROFILE) if 4 < page.size(_PROFILE) <= MOST_PROFILE_BYTES else b""
    plain = page.numbers(_COMPRESSION, 1)[0] in _PLAIN and width * height > 0
    deep_grey = page.numbers(_BITS, 1)[0] == 16 and page.numbers(_SAMPLES, 1)[0] == 1
    return Header(
        width, height, _of_pixels_alone(page),
        plain=plain and sum(map(page.size, page.entries.keys() & _OF_PIXELS)) <= _MOST_TAG_BYTES,
        orientation=exif.orientation, generated=exif.generated, profile=profile,
        inverted=deep_grey and page.numbers(_PHOTOMETRIC, 1)[0] == _WHITE_IS_ZERO,
        bytes_per_pixel=12 if page.numbers(_COMPRESSION, 1)[0] != 1 else 8,  # a strip may be the whole picture
    )
