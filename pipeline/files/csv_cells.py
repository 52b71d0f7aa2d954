"""CSV that is written here, and the one way to write it.

A spreadsheet takes a cell that starts with = + - @, a tab or a line end for a formula. Such a text gets an apostrophe
before it, unless it is a number; `as_read` takes it away again, so that what is written and read is what it was.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.shown import valid

if TYPE_CHECKING:  # half a second, which who writes rows does not spend
    import pandas as pd

_STARTS = "=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20"  # the wide forms too, which some programs take for the same
_FORMULA = re.compile(f"'*[{_STARTS}]")
_WRITTEN = re.compile(f"'('*[{_STARTS}])")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def as_cell(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula."""
    text = valid(text)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def as_read(cell: str) -> str:
    """What `as_cell` was given for `cell`."""
    return cell[1:] if _WRITTEN.match(cell) else cell


def _cells(values: Iterable[Any]) -> list[Any]:
    return [as_cell(value) if isinstance(value, str) else value for value in values]


def rows_as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A CSV of rows, a float as the shortest decimals that give it again, None as nothing."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_cells(header))
    writer.writerows(map(_cells, rows))
    return stream.getvalue()


def table_as_csv(table: "pd.DataFrame") -> bytes:
    """A table as CSV in UTF-8, without its index; texts and the names of columns are cells of `as_cell`."""
    import pandas as pd

    texts = [place for place, dtype in enumerate(table.dtypes) if not pd.api.types.is_numeric_dtype(dtype)]
    written = table.copy()
    for place in texts:
        column = table.iloc[:, place]
        if not pd.api.types.is_datetime64_any_dtype(column):
            written.isetitem(place, pd.Series(_cells(column), index=table.index, dtype=object))
    written.columns = _cells(map(str, table.columns))
    return written.to_csv(index=False, lineterminator="\n").encode()
