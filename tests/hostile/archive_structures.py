"""What a zip claims and is not: damage, bombs, files that share bytes, sizes and counts that are made up."""

import bz2
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.checked_import import IMAGES, by_folder, ham, imported
from tests.hostile.raw_zip import Entry, entries_of, lzma_packed, write_raw
from tests.small_archives import TABLE, jpeg, write_zip

_IMAGE = b"images/ISIC_0000003.jpg"


def _deflated_zeros(size: int) -> bytes:
    deflate, zeros = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(2**20)
    return b"".join(deflate.compress(zeros) for _ in range(size // 2**20)) + deflate.flush()


def _bzip2_zeros() -> bytes:
    squeeze, zeros = bz2.BZ2Compressor(), bytes(2**20)
    return b"".join(squeeze.compress(zeros) for _ in range(500)) + squeeze.flush()


def _changed(folder: Path, images: int | None = None, **fields) -> None:
    """The archive with one image's entry changed."""
    entries = entries_of(ham())
    for entry in entries:
        if entry.name == _IMAGE:
            for field, value in fields.items():
                setattr(entry, field, value() if callable(value) else value)
    imported(folder, write_raw(folder / "a.zip", entries), images)


def _table(folder: Path, content: Callable[[], bytes], size: int | None = None) -> None:
    files = {name: data for name, data in ham().items() if name != TABLE}
    entry = Entry(TABLE.encode(), packed=content(), size=size, crc=0)
    imported(folder, write_raw(folder / "a.zip", [entry, *entries_of(files)]))


def _ended(folder: Path, **claims) -> None:
    imported(folder, write_raw(folder / "a.zip", entries_of(ham()), **claims))


def _cut(folder: Path, seed: int) -> None:
    content = write_zip(folder / "whole", ham()).read_bytes()
    (folder / "a.zip").write_bytes(content[: random.Random(seed).randrange(len(content))])
    imported(folder, folder / "a.zip")


def _flipped(folder: Path, seed: int) -> None:
    """Some bytes are others: mostly in the directory, where the claims are."""
    source = random.Random(seed)
    content = bytearray(write_zip(folder / "whole", ham() if seed % 2 else by_folder()).read_bytes())
    directory = content.index(b"PK\1\2")
    for _ in range(source.randint(1, 12)):
        content[source.randrange(directory if seed % 3 else 0, len(content))] = source.randrange(256)
    (folder / "a.zip").write_bytes(bytes(content))
    imported(folder, folder / "a.zip")


def _overlapping(folder: Path, files: int, size: int) -> None:
    """Many names for one and the same bytes."""
    entries = entries_of(ham())
    bomb = Entry(b"images/bomb.jpg", packed=_deflated_zeros(size), size=size, crc=0)
    start = sum(30 + len(e.name) + len(zlib.compress(e.content)) for e in entries)
    same = [Entry(f"images/x{n}.jpg".encode(), packed=b"", size=size, packed_size=len(bomb.packed), offset=start)
            for n in range(files)]
    imported(folder, write_raw(folder / "a.zip", [*entries, bomb, *same]))


def _quoted(folder: Path) -> None:
    """Each file's bytes hold the next file with its header."""
    entries, inner = entries_of(ham()), b""
    for _ in range(200):
        inner = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, len(inner), len(inner), 1, 0) + b"x" + inner
    end = sum(30 + len(e.name) + len(e.content) for e in entries)
    for entry in entries:
        entry.method = zipfile.ZIP_STORED
    whole = Entry(b"q.jpg", inner, zipfile.ZIP_STORED)
    parts = [Entry(f"{n}.jpg".encode(), packed=b"", method=0, size=len(inner) - 31 * n, packed_size=len(inner) - 31 * n,
                   crc=0, offset=end + 35 + 31 * n) for n in range(1, 200)]
    imported(folder, write_raw(folder / "a.zip", [*entries, whole, *parts]))


def _many(folder: Path, files: int) -> None:
    """As many entries as that in the directory, with nothing behind them."""
    row = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + b"x.jpg"
    directory = row * files
    end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, files, files, len(directory), 0)
    end += struct.pack("<4sIQI", b"PK\6\7", 0, len(directory), 1)
    end += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    (folder / "a.zip").write_bytes(directory + end)
    imported(folder, folder / "a.zip")


def _large_images(folder: Path, size: int, files: int = 6) -> None:
    """Images of the largest size, several of them at once in the threads."""
    entries = [entry for entry in entries_of(ham())]
    images = [entry for entry in entries if entry.name.startswith(b"images/")][:files]
    packed_once = zlib.compressobj(1, zlib.DEFLATED, -15)
    tail = bytes(size - len(jpeg(0)))
    for entry in images:
        content = entry.content + tail
        deflate = packed_once.copy()
        entry.size, entry.crc = len(content), zlib.crc32(content)
        entry.packed = deflate.compress(content) + deflate.flush()
    imported(folder, write_raw(folder / "a.zip", entries))


def _nested(folder: Path, depth: int) -> None:
    inner = write_zip(folder / "0.zip", by_folder())
    for n in range(depth):
        inner = write_zip(folder / f"{n + 1}.zip", {"inner.zip": inner.read_bytes(), "nv/a.txt": b"x"})
    imported(folder, inner)


def _ghost(folder: Path, target: bytes, name: bytes) -> None:
    """A member that is a link, as zip -y stores it."""
    entries = [*entries_of(ham()), Entry(name, target, mode=0o120777)]
    imported(folder, write_raw(folder / "a.zip", entries))


def _cases() -> Iterator[tuple[str, Callable[[Path], None], str]]:
    right, no, any_ = "right", "refused", "either"
    rest = IMAGES - 1
    yield "encrypted", partial(_changed, flags=1, images=rest), right
    yield "wrong checksum", partial(_changed, crc=1, images=rest), right
    other = b"images/ISIC_0000004.jpg"
    yield "another name before the content", partial(_changed, local_name=other, images=rest), right
    yield "size too small", partial(_changed, size=10), any_
    yield "size too large", partial(_changed, size=10**6), any_
    yield "size of an exabyte", partial(_changed, size=2**60), any_
    yield "packed size of an exabyte", partial(_changed, packed_size=2**60), any_
    yield "offset beyond the end", partial(_changed, offset=2**31), any_
    yield "unknown method", partial(_changed, method=77, images=rest), right
    yield "Deflate64", partial(_changed, method=9, images=rest), right
    yield "bzip2", partial(_changed, method=zipfile.ZIP_BZIP2, images=IMAGES), right
    yield "LZMA", partial(_changed, method=zipfile.ZIP_LZMA, images=IMAGES), right
    for dictionary in (2**27, 2**30, 2**32 - 1):
        packed = lzma_packed(jpeg(3), dictionary)
        yield f"LZMA with {dictionary:,} bytes of dictionary", partial(_changed, method=14, packed=packed), any_
    yield "nothing where an image is said", partial(_changed, packed=b""), any_
    yield "rubbish where an image is said", partial(_changed, packed=bytes(range(256)), images=rest), right
    yield "broken extra field", partial(_changed, extra=b"\1\0\xff\xff"), any_
    yield "zip64 without sizes", partial(_changed, extra=struct.pack("<HH", 1, 0), size=2**32 - 1), any_
    bomb = partial(_deflated_zeros, 2**31)
    yield "2 GB of zeros, said", partial(_changed, packed=bomb, size=2**31, crc=0), any_
    yield "2 GB of zeros, not said", partial(_changed, packed=bomb, size=1000, crc=0, images=rest), right
    yield "2 GB of zeros said to be 150 MB", partial(_changed, packed=bomb, size=150 * 10**6, crc=0, images=rest), right
    yield "bzip2 of zeros", partial(_changed, method=12, packed=_bzip2_zeros,
                                    size=10**8, crc=0, images=rest), right
    yield "table of 2 GB of zeros, said", partial(_table, content=bomb, size=2**31), no
    yield "table of 2 GB of zeros, not said", partial(_table, content=bomb, size=60 * 10**6), no
    yield "sixty files of 2 GB", partial(_overlapping, files=60, size=2**26), no
    yield "a thousand names for one file", partial(_overlapping, files=1000, size=2**20), no
    yield "files within files", _quoted, no
    for files in (100_000, 400_000, 3_000_000):
        yield f"{files:,} files", partial(_many, files=files), no
    yield "images of 190 MB in all threads", partial(_large_images, size=190 * 10**6), any_
    yield "images of 210 MB", partial(_large_images, size=210 * 2**20, files=2), any_
    yield "count too small", partial(_ended, count=1), any_
    yield "count too large", partial(_ended, count=65_000), any_
    yield "directory too large", partial(_ended, directory=2**31), no
    yield "directory too small", partial(_ended, directory=30), any_
    yield "directory before the start", partial(_ended, at=2**31), any_
    yield "long comment", partial(_ended, comment=b"x" * 65_535), right
    yield "an end within the comment", partial(_ended, comment=b"PK\5\6" + bytes(18)), any_
    yield "a program before it", partial(_ended, before=b"MZ" + bytes(5000)), any_
    yield "rubbish after it", partial(_ended, after=b"x" * 1000), any_
    for depth in (1, 3):
        yield f"zips {depth} deep", partial(_nested, depth=depth), no
    for target in (b"/etc/passwd", b"../../../etc/passwd", b"ISIC_0000000.jpg", b"/dev/zero", b""):
        for name in (b"images/link.jpg", b"a/" + TABLE.encode(), b"ISIC_0000000_segmentation.png"):
            said = f"link to {target.decode() or 'nothing'} as {name.decode()}"
            yield said, partial(_ghost, target=target, name=name), any_


def cases() -> Iterator[Case]:
    fast = {"encrypted", "wrong checksum", "size of an exabyte", "another name before the content", "count too small",
            "directory too large", "files within files", "broken extra field", "link to /etc/passwd as images/link.jpg"}
    for name, hand_over, expect in _cases():
        yield Case(name, hand_over, expect, fast=name in fast)
    for seed in range(25):
        yield Case(f"cut, seed {seed}", partial(_cut, seed=seed), fast=seed < 3)
    for seed in range(40):
        yield Case(f"flipped, seed {seed}", partial(_flipped, seed=seed), fast=seed < 4)
