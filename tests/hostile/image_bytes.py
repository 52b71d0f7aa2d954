"""Image files written by hand or bent: what no library writes."""

import io
import struct
import zlib
from collections.abc import Iterable

import numpy as np
from PIL import Image

FORMATS = {
    "JPEG": {"quality": 95}, "PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}, "BMP": {}, "AVIF": {"quality": 90},
}


def picture(height: int = 40, width: int = 60) -> np.ndarray:
    """uint8 (height, width, 3): soft colours, no two corners alike, so that compression changes little."""
    down, across = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    return np.stack([40 + 180 * down, 60 + 150 * across, 200 - 120 * down * across], axis=-1).astype(np.uint8)


def encoded(image: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    file = io.BytesIO()
    image.save(file, kind, **{**FORMATS.get(kind, {}), **options})
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG's chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, bits: int, colour: int, packed: bytes, before: Iterable[bytes] = (), idat: int = 0):
    """A PNG of zlib-`packed` lines, in chunks of `idat` bytes where it is given, with chunks `before` them."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    step = idat or len(packed)
    data = (chunk(b"IDAT", packed[start : start + step]) for start in range(0, len(packed), step))
    return b"".join([b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *before, *data, chunk(b"IEND", b"")])


def png_of(pixels: np.ndarray, before: Iterable[bytes] = (), idat: int = 0) -> bytes:
    """A PNG of uint8 or uint16 pixels (H, W), (H, W, 3) or (H, W, 4)."""
    colour = {2: 0, 3: 2 if pixels.shape[-1] == 3 else 6}[pixels.ndim]
    lines = b"".join(b"\0" + line.astype(pixels.dtype.newbyteorder(">")).tobytes() for line in pixels)
    return png(*pixels.shape[1::-1], 8 * pixels.itemsize, colour, zlib.compress(lines), before, idat)


def png_bomb(width: int, height: int, bits: int, colour: int) -> bytes:
    """A PNG of one colour, many times smaller than its pixels; zlib packs it twice as hard from an empty line on."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    packer, line = zlib.compressobj(9), bytes(1 + (width * samples * bits + 7) // 8)
    packed = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    palette = [chunk(b"PLTE", bytes(range(6)))] if colour == 3 else []
    return png(width, height, bits, colour, packed, palette)


def with_segments(jpeg: bytes, segments: Iterable[tuple[int, bytes]]) -> bytes:
    """The JPEG with (marker, content) segments at its beginning."""
    inserted = (struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content for marker, content in segments)
    return jpeg[:2] + b"".join(inserted) + jpeg[2:]


def without_segment(jpeg: bytes, marker: int) -> bytes:
    start = jpeg.index(bytes([0xFF, marker]))
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4]) :]


def many_scans(scans: int, size: int) -> bytes:
    """A progressive JPEG whose last scan is there so many times, each of them nearly empty."""
    content = encoded(np.full((size, size, 3), 128, np.uint8), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * scans + content[-2:]


def icc_segments(profile: bytes) -> list[tuple[int, bytes]]:
    parts = [profile[start : start + 60_000] for start in range(0, len(profile), 60_000)]
    return [(0xE2, b"ICC_PROFILE\0" + bytes([number + 1, len(parts)]) + part) for number, part in enumerate(parts)]


def tiff(tags: dict[int, tuple[int, tuple | bytes]], data: bytes, order: str = "<", following: int = 0) -> bytes:
    """A TIFF of one directory and one strip behind it; a tag is (type, values); 273 (StripOffsets) is set here."""
    codes, sizes = {1: "B", 2: "s", 3: "H", 4: "I", 7: "s"}, {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}
    tags = {**tags, 273: (4, (0,)), 279: tags.get(279, (4, (len(data),)))}
    place = 8 + 2 + 12 * len(tags) + 4
    entries, values, offsets = b"", b"", place + sum(
        sizes[kind] * len(content) for kind, content in tags.values() if sizes[kind] * len(content) > 4
    )
    tags[273] = (4, (offsets,))
    for tag, (kind, content) in sorted(tags.items()):
        raw = content if isinstance(content, bytes) else struct.pack(f"{order}{len(content)}{codes[kind]}", *content)
        entry = struct.pack(f"{order}HHI", tag, kind, len(content))
        if len(raw) <= 4:
            entries += entry + raw.ljust(4, b"\0")
        else:
            entries += entry + struct.pack(f"{order}I", place + len(values))
            values += raw
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return header + struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", following) + values + data


def grey_tiff(levels: np.ndarray, bits: int, *, photometric: int = 1, sample: int = 1, order: str = "<", **more):
    """A TIFF of one sample a pixel."""
    data = levels.astype(levels.dtype.newbyteorder(order)).tobytes()
    tags = {256: (3, (levels.shape[1],)), 257: (3, (levels.shape[0],)), 258: (3, (bits,)), 259: (3, (1,)),
            262: (3, (photometric,)), 277: (3, (1,)), 278: (3, (levels.shape[0],)), 339: (3, (sample,))}
    return tiff(tags, data, order, **more)


def flipped(content: bytes, seed: int, bits: int = 8) -> bytes:
    """The file with a few bits turned, in its first kilobyte and anywhere."""
    rng, bent = np.random.default_rng(seed), bytearray(content)
    for number in range(bits):
        place = rng.integers(min(len(bent), 1024) if number % 2 else len(bent))
        bent[place] ^= 1 << rng.integers(8)
    return bytes(bent)


def patched(content: bytes, place: int, new: bytes) -> bytes:
    return content[:place] + new + content[place + len(new) :]


def with_ihdr(content: bytes, width: int, height: int) -> bytes:
    """The PNG with another size in its header, and the header's checksum right."""
    header = struct.pack(">II", width, height) + content[24:29]
    return patched(patched(content, 16, header), 29, struct.pack(">I", zlib.crc32(b"IHDR" + header)))
