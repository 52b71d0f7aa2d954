"""What the pages of a parquet file say of themselves, read before anything is decompressed.

The footer's sizes are claims; a reader allocates what each page's own header says. So those headers are read here
(Thrift's compact protocol, https://github.com/apache/parquet-format), and a column is let through only if its pages
together stay within a limit and use encodings whose decoded size that limit bounds: the DELTA encodings can repeat a
long text a million times in a few bytes.
"""

from typing import Any, NamedTuple

# numbers of the format: kinds of pages, and of encodings
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_ENCODINGS = {0: "PLAIN", 2: "PLAIN_DICTIONARY", 3: "RLE", 8: "RLE_DICTIONARY", 9: "BYTE_STREAM_SPLIT"}
_HEADERS = {_DATA: 5, _DICTIONARY: 7, _DATA_V2: 8}  # the field of a page header that describes a page of that kind
_ENCODING = {_DATA: 2, _DICTIONARY: 2, _DATA_V2: 4}  # and the field of that description with its encoding
_MOST_HEADER = 64 * 2**10
_MOST_PAGES = 20_000


class PageError(ValueError):
    """Pages that no table of ours has; nothing in its text comes from the file."""


class _Compact:
    """A reader of Thrift structures in the compact protocol: numbers and flags; texts are passed over."""

    def __init__(self, content: memoryview, at: int):
        self.content, self.at, self.end = content, at, min(len(content), at + _MOST_HEADER)

    def _byte(self) -> int:
        if self.at >= self.end:
            raise PageError("a page header is cut off")
        self.at += 1
        return self.content[self.at - 1]

    def _varint(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise PageError("a page header has too long a number")

    def _number(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def structure(self, depth: int = 0) -> dict[int, Any]:
        """Its fields by number."""
        if depth > 4:
            raise PageError("a page header is nested too deeply")
        found: dict[int, Any] = {}
        number = 0
        while byte := self._byte():
            number = number + (byte >> 4) if byte >> 4 else self._number()
            found[number] = self._value(byte & 15, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._number()
        if kind == 7:
            self.at += 8
            return None
        if kind == 8:
            length = self._varint()  # moves `at`, so not within the next line
            self.at += length
            return None
        if kind == 12:
            return self.structure(depth + 1)
        raise PageError("a page header has a field of an unknown kind")


class Chunk(NamedTuple):
    """Where the pages of one column of one row group lie: its first byte, its length, and how many values it claims."""

    start: int
    length: int
    values: int


def _integer(fields: dict[int, Any], number: int) -> int:
    found = fields.get(number)
    if not isinstance(found, int):
        raise PageError("a page header lacks a field")
    return found


def decoded_bytes(content: memoryview, chunk: Chunk, most: int) -> int:
    """How many bytes the pages of `chunk` have once they are decompressed.

    Args:
        content: of the whole file.
        most: that it may have.

    Raises:
        PageError: it has more, or its pages are not those that it claims.
    """
    at, end, total, values, pages = chunk.start, chunk.start + chunk.length, 0, 0, 0
    if not 0 < chunk.start < end <= len(content):
        raise PageError("a column lies outside of the file")
    while at < end and values < chunk.values:
        pages += 1
        reader = _Compact(content[:end], at)
        header = reader.structure()
        kind, size, packed = (_integer(header, number) for number in (1, 2, 3))
        about = header.get(_HEADERS.get(kind, -1))
        if not isinstance(about, dict):
            raise PageError("a page header lacks a field")
        if _integer(about, _ENCODING[kind]) not in _ENCODINGS:
            raise PageError("a page has an encoding that LesionLab does not write")
        if size < 0 or packed < 0 or reader.at + packed > end:
            raise PageError("a page is longer than its column")
        total += size
        if total > most or pages > _MOST_PAGES:
            raise PageError(f"a column has more than {most / 2**20:,.0f} MiB or {_MOST_PAGES:,} pages")
        if kind != _DICTIONARY:
            counted = _integer(about, 1)
            if counted < 0:
                raise PageError("a page claims fewer values than none")
            values += counted
        at = reader.at + packed
    if values != chunk.values:
        raise PageError("a column has not as many values as it claims")
    return total
