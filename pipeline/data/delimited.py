"""Tables of text with a separator between the columns (CSV, TSV): read strictly, within bounds, never quoted.

What cannot be read rightly is refused: a guess could move a diagnosis into another row. Only its encoding may be
guessed, and by a caller that says so.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence

import pandas as pd

from pipeline.data.image_ids import composed
from pipeline.data.regular_files import too_large
from pipeline.data.table_text import as_utf8, is_wide, separator_line
from pipeline.errors import DataError
from pipeline.files.csv_cells import as_read
from pipeline.limits import (
    MOST_CELL_CHARACTERS,
    MOST_CSV_BYTES,
    MOST_LINE_CHARACTERS,
    MOST_TABLE_COLUMNS,
    MOST_TABLE_ROWS,
)

# what stands for a value that is not there, as pandas reads it
_ABSENT = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
})
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PIECE = 20_000  # rows that are text of Python's at one time; as a column's they take a fifth of the memory
_SAVE = "Save it as CSV in UTF-8."
_INVISIBLE = "\ufeff\u200b\u200e\u200f"  # marks that an editor may leave at a column's name


def _unreadable(name: str, why: str) -> DataError:
    return DataError(f"{name} cannot be read as a table: {why}.", _SAVE)


def _delimiter(content: bytes) -> str:
    """Comma, tab or semicolon: whichever the header has most of."""
    start = re.search(rb"[^\r\n]", content)
    at = start.start() if start else 0
    header = content[at : at + MOST_LINE_CHARACTERS].partition(b"\n")[0]
    return max(",\t;", key=lambda mark: header.count(mark.encode()))


def _check_bytes(content: bytes, name: str) -> None:
    if len(content) > MOST_CSV_BYTES:
        raise too_large(name, MOST_CSV_BYTES)
    if is_wide(content):
        raise _unreadable(name, "it is in UTF-16 or UTF-32")
    if found := _CONTROLS.search(content):
        line = content.count(b"\n", 0, found.start()) + 1
        raise _unreadable(name, f"line {line:,} holds a character that no text has")


def _lines(content: bytes, name: str, number: int) -> Iterator[str]:
    """The lines of `content`, which begins behind the first `number` of the file."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    while line := text.readline(MOST_LINE_CHARACTERS + 1):
        number += 1
        if len(line) > MOST_LINE_CHARACTERS:
            raise _unreadable(name, f"line {number:,} has more than {MOST_LINE_CHARACTERS:,} characters")
        yield line


def _records(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the number of the line that it ends in; the header first."""
    _check_bytes(content, name)
    content, told = separator_line(content)
    above = 0 if told is None else 1
    reader = csv.reader(_lines(content, name, above), delimiter=told or _delimiter(content), strict=True)
    try:
        for record in reader:
            if len(record) > 1 or (record and record[0].strip()):
                yield above + reader.line_num, record
    except csv.Error as error:  # its text may hold what stands there
        raise _unreadable(
            name, f"quotes do not close, or a value is too long, in or before line {above + reader.line_num:,}"
        ) from error
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"it is not in UTF-8 in or after line {above + reader.line_num + 1:,}") from error


def _column_name(written: str) -> str:
    return composed(written).strip().strip(_INVISIBLE).strip()


def _header(records: Iterator[tuple[int, list[str]]], name: str) -> list[str]:
    found = next(records, None)
    if found is None:
        raise DataError(f"{name} is empty.", "Give a table with a header and a row for each image.")
    return [_column_name(written) for written in found[1]]


def column_names(content: bytes, name: str) -> list[str]:
    """The names in the table's header, in whichever encoding, blanks and byte order marks around them removed.

    Args:
        content: the table, or what it begins with.

    Raises:
        DataError: it is empty, or cannot be read.
    """
    return _header(_records(as_utf8(content)[0], name), name)


def _check_header(names: list[str], name: str, columns: Sequence[str]) -> None:
    if len(names) > MOST_TABLE_COLUMNS:
        raise DataError(
            f"{name} has more than {MOST_TABLE_COLUMNS} columns.", f"The table needs the columns {', '.join(columns)}."
        )
    places: dict[str, list[int]] = {}
    for place, column in enumerate(names, start=1):
        if column:  # separators at the end of the header
            places.setdefault(column.casefold(), []).append(place)
    ours = {column.casefold(): column for column in columns}
    for folded, found in places.items():
        if len(found) > 1:
            where = " and ".join(map(str, found[:2]))
            named = f"several columns named {ours[folded]}" if folded in ours else f"one name over its columns {where}"
            raise DataError(f"{name} has {named}.", "Keep one of them.")


def _require(names: Collection[str], columns: Sequence[str], name: str) -> None:
    missing = [column for column in columns if column not in names]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise DataError(
            f"{name} has no column{plural} named {', '.join(missing)}.",
            f"The table needs the columns {', '.join(columns)}.",
        )


def _check_length(record: list[str], line: int, wanted: int, name: str) -> None:
    """A record may have blank values too many, as spreadsheets write them; one too few has moved the others."""
    if len(record) < wanted or any(value.strip() for value in record[wanted:]):
        why = f"line {line:,} has {len(record):,} values, the header {wanted:,}"
        raise _unreadable(name, f"{why}; a value with a separator in it needs quotes")


def _value(written: str, line: int, name: str) -> str | None:
    value = written.strip()
    if value in _ABSENT:
        return None
    if len(value) > MOST_CELL_CHARACTERS:
        raise _unreadable(name, f"line {line:,} has a value of more than {MOST_CELL_CHARACTERS:,} characters")
    if "\n" in value or "\r" in value:
        raise _unreadable(name, f"a value goes over several lines, up to line {line:,}: a quote may be missing")
    return as_read(composed(value))


def read_table(
    content: bytes, name: str, columns: Sequence[str], also: Sequence[str] = (), notes: list[str] | None = None
) -> pd.DataFrame:
    """Columns of a table, its separator found out, as text; blanks around values removed, NA where empty.

    Args:
        name: of the table, for sentences.
        columns: those that must be there, in whatever capitals; `also`: those that are read where they are there. No
            other is kept.
        notes: gets a sentence about an encoding that is none of UTF-8's; without it such a table is refused.

    Raises:
        DataError: it is empty, lacks a column, has one twice, or cannot be read without a guess.
    """
    if notes is not None:
        content, guess = as_utf8(content)
        notes += [f"{name} {guess}"] if guess else []
    records = _records(content, name)
    names = _header(records, name)
    _check_header(names, name, [*columns, *also])
    ours = {column.casefold(): column for column in (*also, *columns)}
    names = [ours.get(column.casefold(), column) for column in names]
    _require(names, columns, name)
    kept = [column for column in names if column in {*columns, *also}]
    places = [names.index(column) for column in kept]
    pieces: list[pd.DataFrame] = []
    values: list[list[str | None]] = [[] for _ in kept]

    def store() -> None:
        pieces.append(pd.DataFrame({c: pd.array(v, dtype="str") for c, v in zip(kept, values, strict=True)}))
        for found in values:
            found.clear()

    for rows, (line, record) in enumerate(records, start=1):
        _check_length(record, line, len(names), name)
        if rows > MOST_TABLE_ROWS:
            raise DataError(f"{name} has more than {MOST_TABLE_ROWS:,} rows.", "Give a part of it.")
        for found, place in zip(values, places, strict=True):
            found.append(_value(record[place], line, name))
        if rows % _PIECE == 0:
            store()
    store()
    return pd.concat(pieces, ignore_index=True)
