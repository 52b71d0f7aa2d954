"""The one reader of parquet tables: bounded, and with just the columns, types and ranges that its caller names."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from pipeline.errors import WorkspaceError
from pipeline.files.disk import REPAIR, read_bytes
from pipeline.files.parquet_pages import Chunk, PageError, decoded_bytes
from pipeline.limits import (
    MOST_DECODED_BYTES,
    MOST_ROW_GROUPS,
    MOST_TABLE_BYTES,
    MOST_TABLE_COLUMNS,
    MOST_TABLE_ROWS,
    MOST_TEXT_BYTES,
)

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq



@dataclass(frozen=True)
class Column:
    """What a column must be.

    Attributes:
        kind: of its values: text; a real number; a whole number; a flag (bool).
        low, high: the range of numbers, both ends included.
        gaps: whether values may be missing (for numbers NaN); infinite is none.
        optional: whether the column may be.
        among: the only texts that it may have; None: any.
    """

    kind: Literal["text", "number", "whole", "flag"] = "text"
    low: float = -math.inf
    high: float = math.inf
    gaps: bool = False
    optional: bool = False
    among: Collection[str] | None = None


TEXT = Column()
SHARE = Column("number", 0, 1)


class _Damage(ValueError):
    """What is wrong with a table, in words that quote nothing of it."""


def read_table(
    path: Path, columns: Mapping[str, Column], repair: str = REPAIR, *, prefixed: Mapping[str, Column] | None = None,
    unique: str | None = None,
) -> pd.DataFrame:
    """The table at `path`, with those of its columns that are named, in the file's order; others are left where they
    are.

    Args:
        columns: what each must be, by name.
        repair: what to do where it is damaged, in a sentence.
        prefixed: what the columns that begin with a prefix must be, at least one for each.
        unique: the column that has no value twice.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it cannot be read, is larger than a table may be once it is decoded, or is damaged; the
            sentence names the file and the column.
    """
    content = read_bytes(path, MOST_TABLE_BYTES, repair)
    starts = prefixed or {}
    try:
        table = _decoded(content, columns, starts)
        for name in table.columns:
            rule = columns.get(name) or next(rule for start, rule in starts.items() if name.startswith(start))
            _check_column(table[name], rule, name if name in columns else "with probabilities")
        if unique and table[unique].duplicated().any():
            raise _Damage(f"the column {unique} has a value twice")
    except _Damage as damage:
        raise WorkspaceError(f"{path} is damaged: {damage}.", repair) from None
    return table


def read_table_note(path: Path, key: bytes, most: int, repair: str = REPAIR) -> bytes | None:
    """What the footer of the table at `path` holds under `key`, of at most `most` bytes; None where it holds nothing.

    Raises:
        MissingFileError: there is no such file.
        WorkspaceError: it cannot be read or is damaged.
    """
    try:
        note = (_opened(read_bytes(path, MOST_TABLE_BYTES, repair), []).metadata.metadata or {}).get(key)
    except _Damage as damage:
        raise WorkspaceError(f"{path} is damaged: {damage}.", repair) from None
    if note is not None and len(note) > most:
        raise WorkspaceError(f"{path} is damaged: its note is too long.", repair)
    return note


def _opened(content: bytes, texts: list[str]) -> "pq.ParquetFile":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(
            pa.BufferReader(content), read_dictionary=texts, thrift_string_size_limit=2**24,
            thrift_container_size_limit=100_000,
        )
    except (pa.ArrowException, OSError, ValueError):
        raise _Damage("it is no parquet table") from None  # the parser's words may quote it


def _decoded(content: bytes, columns: Mapping[str, Column], prefixed: Mapping[str, Column]) -> pd.DataFrame:
    import pyarrow as pa

    file = _opened(content, [])
    schema, about = _schema(file), file.metadata
    if about.num_columns > MOST_TABLE_COLUMNS or not about.num_columns == len(schema) == len(set(schema.names)):
        raise _Damage("it has columns in columns, two of one name, or too many")
    if not 0 <= about.num_rows <= MOST_TABLE_ROWS or about.num_row_groups > MOST_ROW_GROUPS:
        raise _Damage(f"it claims more than {MOST_TABLE_ROWS:,} rows or {MOST_ROW_GROUPS:,} row groups")
    wanted = [name for name in schema.names if name in columns or name.startswith(tuple(prefixed) or "\0")]
    if lacking := [name for name, rule in columns.items() if name not in wanted and not rule.optional]:
        raise _Damage(f"it lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}")
    if any(not any(name.startswith(prefix) for name in wanted) for prefix in prefixed):
        raise _Damage(f"it lacks columns {', '.join(prefixed)}…")
    _check_pages(content, file, [schema.get_field_index(name) for name in wanted])
    texts = [name for name in wanted if _is_text(schema.field(name).type)]
    try:
        table = _opened(content, texts).read(columns=wanted, use_threads=False)
        if table.num_rows != about.num_rows or table.column_names != wanted:
            raise _Damage("it has not as many rows as it claims")
        table.validate(full=True)
        _check_texts(table, texts)
        plain = [column.cast(schema.field(name).type) if _is_plain_text(schema.field(name).type) else column
                 for name, column in zip(table.column_names, table.columns, strict=True)]
        return pa.table(plain, names=table.column_names).to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise error if isinstance(error, _Damage) else _Damage("its content cannot be read") from None


def _schema(file: "pq.ParquetFile") -> "pa.Schema":
    import pyarrow as pa

    try:
        return file.schema_arrow
    except (pa.ArrowException, OSError, ValueError, KeyError):
        raise _Damage("its columns cannot be read") from None


def _check_pages(content: bytes, file: "pq.ParquetFile", wanted: list[int]) -> None:
    left, whole = MOST_DECODED_BYTES, memoryview(content)
    try:
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            for index in wanted:
                column = group.column(index)
                starts = [column.dictionary_page_offset, column.data_page_offset]
                start = min(place for place in starts if place)
                if column.num_values != group.num_rows:
                    raise PageError("a column has not as many values as its rows")
                left -= decoded_bytes(whole, Chunk(start, column.total_compressed_size, column.num_values), left)
    except PageError as error:
        raise _Damage(str(error)) from None
    except (OSError, ValueError, TypeError):
        raise _Damage("its row groups cannot be read") from None


def _is_plain_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return _is_plain_text(kind) or pa.types.is_dictionary(kind) and _is_plain_text(kind.value_type)


def _check_texts(table: "pa.Table", texts: list[str]) -> None:
    """How long they are once each stands in its row: a dictionary says a long one a million times in a few bytes."""
    import pyarrow.compute as pc

    total = 0
    for name in texts:
        for chunk in table[name].chunks:
            lengths = pc.binary_length(chunk.dictionary)
            if (pc.max(lengths).as_py() or 0) > MOST_TEXT_BYTES:
                raise _Damage(f"a text in it has more than {MOST_TEXT_BYTES:,} bytes")
            total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    if total > MOST_DECODED_BYTES:
        raise _Damage(f"its texts have more than {MOST_DECODED_BYTES / 2**20:,.0f} MiB")


def _check_column(values: pd.Series, rule: Column, name: str) -> None:
    kinds = {"text": "OTUV", "number": "fiu", "whole": "iu", "flag": "b"}[rule.kind]
    is_text = isinstance(values.dtype, (pd.StringDtype, pd.CategoricalDtype)) or values.dtype == object
    if is_text != (rule.kind == "text") or not is_text and values.dtype.kind not in kinds:
        raise _Damage(f"the column {name} has values of another type")
    if not rule.gaps and values.isna().any():
        raise _Damage(f"the column {name} has gaps")
    if rule.kind in ("number", "whole"):
        given = values.dropna().to_numpy(dtype="float64")
        if not ((given >= rule.low) & (given <= rule.high) & (abs(given) < math.inf)).all():
            raise _Damage(f"the column {name} has a value out of its range")
    if rule.among is not None and not set(values.dropna().unique()) <= set(rule.among):
        raise _Damage(f"the column {name} has a value that it cannot have")
