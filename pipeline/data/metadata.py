"""Metadata tables: read, checked, and brought into one form, whichever collection they come from."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.classes import DIAGNOSES
from pipeline.errors import DataError

COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")


@dataclass(frozen=True)
class Rows:
    """What an archive says of its images.

    Attributes:
        table: as `checked_rows` gives it.
        problems: rows that are left out or in doubt, as {image_id, problem}.
        notes: what holds for the data set as a whole, in sentences.
        rights: licence and attribution, where the layout tells whose images they are.
    """

    table: pd.DataFrame
    problems: list[dict]
    notes: list[str] = field(default_factory=list)
    rights: tuple[str, str] | None = None


def _delimiter(content: bytes) -> str:
    """Comma, tab or semicolon: whichever the header has most of."""
    header = content.lstrip(b"\r\n").partition(b"\n")[0]
    return max(",\t;", key=lambda mark: header.count(mark.encode()))


def read_table(content: bytes, name: str) -> pd.DataFrame:
    """A table of text in UTF-8, its separator found out, blanks around names and values removed.

    Raises:
        DataError: it is empty, cannot be read, or has a column twice.
    """
    try:
        table = pd.read_csv(
            io.BytesIO(content), sep=_delimiter(content), dtype=str, encoding="utf-8-sig", index_col=False
        )
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{name} is empty.", "Give a table with a header and a row for each image.") from error
    except (pd.errors.ParserError, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"{name} cannot be read as a table: {error}.", "Save it as CSV in UTF-8.") from error
    table = table.rename(columns=lambda column: str(column).strip())
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise DataError(f"{name} has several columns named {twice[0]}.", "Keep one of them.")
    return table.apply(lambda column: column.str.strip())


def require(table: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    """Raises a DataError that names those of `columns` that the table lacks."""
    missing = [column for column in columns if column not in table]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise DataError(
            f"{name} has no column{plural} named {', '.join(missing)}; it has {', '.join(map(str, table.columns))}.",
            f"The table needs the columns {', '.join(columns)}.",
        )


def _require_known_diagnoses(table: pd.DataFrame, name: str) -> None:
    unknown = table.loc[table["dx"].notna() & ~table["dx"].isin(["", *DIAGNOSES]), "dx"]
    if len(unknown):
        counts = unknown.value_counts().sort_index()
        codes = ", ".join(f"{code} ({n} row{'s' if n > 1 else ''})" for code, n in counts.items())
        raise DataError(
            f"{name} has diagnoses in column dx that LesionLab does not know: {codes}.",
            f"The known codes are {', '.join(DIAGNOSES)}.",
        )


_OLDEST = 120  # years


def _words(column: pd.Series) -> pd.Series:
    return column.fillna("unknown").replace("", "unknown").str.lower()


def checked_rows(table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[dict]]:
    """The table `name` in one form, and the problems of single rows, which are left out.

    Args:
        table: COLUMNS as text, and perhaps `dataset`.

    Returns:
        A row an image: COLUMNS and `source` (the image source, from a `dataset` column; NA without one), age as
        float with NaN, unknown sex and localization as "unknown"; and problems as {image_id, problem}.

    Raises:
        DataError: it has no rows, or has diagnoses that LesionLab does not know.
    """
    if table.empty:
        raise DataError(f"{name} has no rows.", "Give a table with a row for each image.")
    table = table.copy()
    table["dx"] = table["dx"].str.lower()
    _require_known_diagnoses(table, name)
    problems = []

    def leave_out(rows: pd.Series, sentence: str) -> None:
        nonlocal table
        for image_id in table.loc[rows, "image_id"]:
            problems.append({"image_id": None if pd.isna(image_id) else image_id, "problem": sentence})
        table = table[~rows]

    for column in ("image_id", "lesion_id", "dx"):
        leave_out(table[column].isna() | (table[column] == ""), f"the row has no {column}")
    per_image = table.groupby("image_id")["dx"].transform("nunique")
    leave_out(per_image > 1, "its rows name different diagnoses")
    leave_out(table["image_id"].duplicated(), "a second row for the same image")
    per_lesion = table.groupby("lesion_id")["dx"].transform("nunique")
    leave_out(per_lesion > 1, "its lesion has two diagnoses")
    age = pd.to_numeric(table["age"], errors="coerce").astype(float)
    age = age.where(age.between(0, _OLDEST))
    odd = age.isna() & table["age"].notna() & ~table["age"].fillna("").str.lower().isin(["", "unknown", "nan"])
    for image_id, text in table.loc[odd, ["image_id", "age"]].itertuples(index=False):
        problems.append({"image_id": image_id, "problem": f"age {text} is no age in years; kept without an age"})
    table = table.assign(
        age=age,
        sex=_words(table["sex"]),
        localization=_words(table["localization"]),
        dx_type=_words(table["dx_type"]),
        source=table["dataset"] if "dataset" in table else pd.Series(pd.NA, index=table.index, dtype="str"),
    )
    return table[[*COLUMNS, "source"]].reset_index(drop=True), problems


def read_metadata(content: bytes, name: str) -> tuple[pd.DataFrame, list[dict]]:
    """HAM10000's own table in `content`, as `checked_rows` gives it.

    Raises:
        DataError: the table cannot be read, has no rows, lacks a column, or has diagnoses that LesionLab does not know.
    """
    table = read_table(content, name)
    require(table, COLUMNS, name)
    return checked_rows(table, name)


def ham10000_rows(content: bytes, name: str) -> Rows:
    """The rows of HAM10000's own table; raises as `read_metadata` does."""
    return Rows(*read_metadata(content, name))


def read_sources(path: Path) -> pd.Series:
    """The image source (column `dataset`) of each image_id.

    Raises:
        DataError: no such file, it cannot be read, or it lacks a column.
    """
    if not path.is_file():
        raise DataError(f"There is no file {path}.", "Check the path of the sources.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.", "Check the file.") from error
    table = read_table(content, path.name)
    require(table, ("image_id", "dataset"), path.name)
    return table.dropna(subset=["image_id"]).drop_duplicates("image_id").set_index("image_id")["dataset"]
