"""Small images that cost seconds, or gigabytes, where they are decoded without limits."""

import struct
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.errors import ImageError
from tests.hostile.case import Case
from tests.hostile.image_bytes import (
    chunk,
    encoded,
    grey_tiff,
    many_scans,
    patched,
    picture,
    png_bomb,
    png_of,
    with_segments,
)
from tests.hostile.image_readers import READERS


def _hand_over(folder: Path, make: Callable[[], bytes], reader: str, at_once: int) -> None:
    path = folder / "a.jpg"
    path.write_bytes(make())
    with ThreadPoolExecutor(at_once) as pool:
        sizes = {
            found if isinstance(found, ImageError) else found.shape
            for found in pool.map(lambda _: _outcome(path, reader), range(at_once))
        }
    for found in sizes:
        if isinstance(found, ImageError):
            raise found


def _outcome(path: Path, reader: str):
    """What came, without its pixels."""
    found = READERS[reader](path)
    return found if isinstance(found, ImageError) else np.empty(found.shape[:2] + (0,))


def _case(name, make, reader, expect="either", at_once=1, fast=False) -> Case:
    return Case(f"{name}-{reader.replace(' ', '-')}", partial(_hand_over, make=make, reader=reader, at_once=at_once),
                expect, fast)


def _black(width: int, height: int, kind: str, **options) -> bytes:
    return encoded(Image.new("RGB", (width, height)), kind, **options)


def _claims(kind: str) -> bytes:
    """A file that says that it has 9,000 × 6,000 pixels, which its format lets take more than a gigabyte."""
    content = _black(64, 48, kind, quality=50)
    if kind == "WEBP":
        return patched(content, 26, struct.pack("<HH", 9_000, 6_000))
    return patched(content, content.index(b"ispe") + 8, struct.pack(">II", 9_000, 6_000))


def _ifd_loop() -> bytes:
    content = grey_tiff(picture()[..., 0], 8)
    (count,) = struct.unpack_from("<H", content, 8)
    return patched(content, 10 + 12 * count, struct.pack("<I", 8))


def _many_entries() -> bytes:
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + b"".join(
        struct.pack("<HHII", tag, 7, 60_000, 8) for tag in range(65_535)
    )


def _tiny_strips() -> bytes:
    """A TIFF of 200 lines, each a strip of its own that says it has all the file."""
    grey = picture(200, 300)[..., 0]
    return encoded(grey, "TIFF", compression="tiff_lzw", strip_size=1)


def _exif_of_many_tags() -> bytes:
    """5,000 tags of one EXIF segment, each of which points to all of it."""
    entries = b"".join(struct.pack("<HHII", 0x8000 + n, 7, 60_000, 0) for n in range(5_000))
    block = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 5_000) + entries + bytes(4)
    return with_segments(_without_jfif(), [(0xE1, block)])


def _without_jfif() -> bytes:
    content = encoded(picture(), "JPEG")
    return content[:2] + content[content.index(b"\xff\xdb"):]


def _webp_frames() -> bytes:
    images = [Image.new("RGB", (16, 16), (n, n, n)) for n in range(200)]
    return encoded(images[0], "WEBP", save_all=True, append_images=images[1:], duration=10)


def cases() -> Iterator[Case]:
    cheap = {
        "exif-300-segments": lambda: with_segments(_without_jfif(), [(0xE1, b"Exif\0\0II*\0" + bytes(65_000))] * 300),
        "exif-many-tags": _exif_of_many_tags,
        "app-20000-segments": lambda: with_segments(_without_jfif(), [(0xE5, b"")] * 20_000),
        "comments": lambda: with_segments(_without_jfif(), [(0xFE, bytes(60_000))] * 300),
        "png-ztxt": lambda: png_of(picture(), [chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**20)))] * 2_000),
        "png-itxt": lambda: png_of(picture(), [chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(2**20)))] * 2_000),
        "png-iccp-bomb": lambda: png_of(picture(), [chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(2**28)))]),
        "png-iccp-many": lambda: png_of(picture(), [chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(2**20)))] * 500),
        "png-tiny-chunks": lambda: png_of(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8), idat=1),
        "tiff-loop": _ifd_loop, "tiff-many-entries": _many_entries, "tiff-tiny-strips": _tiny_strips,
        "webp-frames": _webp_frames,
        "bmp-rle": lambda: patched(patched(encoded(Image.new("P", (7_000, 7_000)), "BMP")[:1078], 30, b"\1\0\0\0"),
                                   34, bytes(4)) + b"\xff\0" * 30_000 + b"\0\1",
    }
    for name, make in cheap.items():
        for reader in READERS:
            yield _case(name, make, reader, "right" if name in ("exif-300-segments", "png-ztxt") else "either",
                        fast=reader == "page" and name in ("exif-many-tags", "png-iccp-many"))
    for scans, size in ((2_000, 1_600), (20_000, 64), (120, 256), (60, 512)):
        for reader in READERS if scans == 2_000 else ("page",):
            yield _case(f"jpeg-{scans}-scans", partial(many_scans, scans, size), reader,
                        "right" if scans <= 120 else "either")
    for words, bits, colour in (("grey", 8, 0), ("rgb", 8, 2), ("marks", 1, 0), ("palette", 1, 3), ("rgba", 8, 6),
                                ("deep", 16, 0), ("deep-rgb", 16, 2)):
        for reader in ("command line", "import"):
            yield _case(f"png-60-million-{words}", partial(png_bomb, 10_000, 6_000, bits, colour), reader, "right")
    for reader in ("command line", "page", "import"):
        yield _case("png-two-at-once", partial(png_bomb, 10_000, 6_000, 1, 0), reader, "right", at_once=2)
        yield _case("jpeg-large-progressive", partial(
            _black, 8_000, 6_000, "JPEG", progressive=True), reader, "right")
    for kind in ("WEBP", "AVIF"):
        yield _case(f"{kind.lower()}-large", partial(_black, 5_000, 3_400, kind, quality=50), "page", "right")
        yield _case(f"{kind.lower()}-too-large", partial(_claims, kind), "page", "refused")
