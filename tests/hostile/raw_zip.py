"""Zips written byte by byte, so that each field can say something else than what is there."""

import binascii
import bz2
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Entry:
    """One file; what is None says the truth. `local_name` stands in the header before the content alone."""

    name: bytes
    content: bytes = b""
    method: int = zipfile.ZIP_DEFLATED
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    local_name: bytes | None = None
    offset: int | None = None
    mode: int = 0o100644
    extra: bytes = b""
    packed: bytes | None = None
    lead: bytes = b""  # what stands before the content, between it and its header


def packed(content: bytes, method: int) -> bytes:
    if method == zipfile.ZIP_DEFLATED:
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        return deflate.compress(content) + deflate.flush()
    if method == zipfile.ZIP_BZIP2:
        return bz2.compress(content)
    if method == zipfile.ZIP_LZMA:
        return lzma_packed(content, 2**16)
    return content


def lzma_packed(content: bytes, dictionary: int) -> bytes:
    """LZMA as a zip holds it, with any size of the dictionary claimed."""
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 2**16}]
    body = lzma.compress(content, lzma.FORMAT_RAW, filters=filters)
    return struct.pack("<BBHBI", 9, 4, 5, 0x5D, dictionary) + body


def write_raw(path: Path, entries: list[Entry], *, count: int | None = None, directory: int | None = None,
              at: int | None = None, comment: bytes = b"", before: bytes = b"", after: bytes = b"") -> Path:
    """The zip of `entries`; `count`, `directory` (bytes) and `at` (offset) are what its end claims."""
    out, rows = bytearray(before), []
    for entry in entries:
        body = packed(entry.content, entry.method) if entry.packed is None else entry.packed
        crc = binascii.crc32(entry.content) if entry.crc is None else entry.crc
        size = len(entry.content) if entry.size is None else entry.size
        packed_size = len(body) if entry.packed_size is None else entry.packed_size
        offset = len(out) - len(before) if entry.offset is None else entry.offset
        name = entry.name if entry.local_name is None else entry.local_name
        fixed = (20, entry.flags, entry.method, 0, 33, crc, min(packed_size, 2**32 - 1), min(size, 2**32 - 1))
        extra = entry.extra
        if size >= 2**32 - 1 or packed_size >= 2**32 - 1:
            extra += struct.pack("<HHQQ", 1, 16, size, packed_size)
        out += struct.pack("<4s5H3I2H", b"PK\3\4", *fixed, len(name), 0) + name + entry.lead + body
        rows.append(
            struct.pack("<4s6H3I5H2I", b"PK\1\2", 0x31E, *fixed, len(entry.name), len(extra), 0, 0, 0,
                        entry.mode << 16, offset) + entry.name + extra
        )
    start = len(out) - len(before)
    out += b"".join(rows)
    count = len(rows) if count is None else count
    directory = sum(map(len, rows)) if directory is None else directory
    out += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, directory, start if at is None else at, len(comment))
    path.write_bytes(bytes(out) + comment + after)
    return path


def entries_of(files: dict[str, bytes]) -> list[Entry]:
    return [Entry(name.encode(), content, flags=0x800) for name, content in files.items()]
