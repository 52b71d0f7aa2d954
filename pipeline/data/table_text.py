"""The text of a table: its encoding, told by trying, and Excel's line above the header that names the separator."""

import codecs
import re
from collections.abc import Iterator

from pipeline.limits import MOST_TABLE_BYTES

_PIECE = 2**20  # bytes that are decoded at one time
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SEPARATOR = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=([,;\t])"?[ ,;\t]*(?:\r\n|\r|\n)', re.IGNORECASE)


def is_wide(content: bytes) -> bool:
    """Whether it begins as UTF-16 or UTF-32 does."""
    return content.startswith((*_UTF16, *_UTF32))


def _decoded(content: bytes, encoding: str) -> Iterator[str]:
    """Pieces of the text; raises a UnicodeDecodeError where it is none. What a cut leaves of a letter is left aside."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for at in range(0, len(content), _PIECE):
        yield decoder.decode(content[at : at + _PIECE])


def _is_text(content: bytes, encoding: str) -> bool:
    try:
        for _ in _decoded(content, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def as_utf8(content: bytes) -> tuple[bytes, str | None]:
    """`content` in UTF-8, and what was guessed for that, as the rest of a sentence that the table's name begins.

    UTF-16 is told by its byte order mark; what is neither that nor UTF-8 and has no control characters is taken for
    Windows-1252. Anything else is given back as it is, to be refused by whoever reads it; so is what would take too
    much memory to guess at.
    """
    if content.startswith(_UTF32) or len(content) > MOST_TABLE_BYTES:
        return content, None
    if content.startswith(_UTF16):
        if len(content) % 2 or not _is_text(content, "utf-16"):
            return content, None
        return b"".join(piece.encode() for piece in _decoded(content, "utf-16")), "is in UTF-16 and was read as that."
    if _is_text(content, "utf-8") or _BINARY.search(content) or not _is_text(content, "cp1252"):
        return content, None
    said = "is not in UTF-8 and was read as Windows-1252; letters with accents may be wrong where that is not so."
    return b"".join(piece.encode() for piece in _decoded(content, "cp1252")), said


def separator_line(content: bytes) -> tuple[bytes, str | None]:
    """`content` without a first line such as `sep=;`, and the separator that it names; None where there is none."""
    found = _SEPARATOR.match(content)
    return (content[found.end() :], found[1].decode()) if found else (content, None)
