"""What a value that is read from a file may be: annotated types, which `pipeline.files.records` enforces."""

import re
from typing import Annotated

from annotated_types import Interval, Len, Predicate

_YEAR_9999 = 253_370_000_000  # seconds since 1970; `datetime` shows none after it


def without_controls(text: str) -> bool:
    """Whether all its characters can stand in a page: of the control characters line feeds and tabs alone."""
    return not any(ord(char) < 32 and char not in "\n\t" or 127 <= ord(char) < 160 for char in text)


def _is_code(text: str) -> bool:
    return re.fullmatch(r"[\w .+-]+", text) is not None


def _is_file_name(text: str) -> bool:
    return text.isprintable() and "/" not in text and "\\" not in text and not text.startswith(".")


Moment = Annotated[float, Interval(ge=0, le=_YEAR_9999)]  # seconds since 1970 (UTC)
Seconds = Annotated[float, Interval(ge=0, le=10**10)]
Share = Annotated[float, Interval(ge=0, le=1)]
Figure = Annotated[float, Interval(ge=-(10**15), le=10**15)]  # of any unit
Rate = Annotated[float, Interval(ge=0, le=1e38)]  # a learning rate; one that ruins a run is still its record
Whole = Annotated[int, Interval(ge=-(2**53), le=2**53)]
Count = Annotated[int, Interval(ge=0, le=10**12)]
Process = Annotated[int, Interval(ge=1, le=2**31 - 1)]  # its number
Pixels = Annotated[int, Interval(ge=1, le=100_000)]
Word = Annotated[str, Len(0, 500)]  # a name, a code, a hash
Code = Annotated[str, Len(1, 60), Predicate(_is_code)]  # of a diagnosis
FileName = Annotated[str, Len(1, 255), Predicate(_is_file_name)]  # of one file or folder, never a path
Text = Annotated[str, Len(0, 100_000)]
