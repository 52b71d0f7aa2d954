"""Metadata tables: read, checked, and brought into one form, whichever collection they come from."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.data.delimited import read_table
from pipeline.data.guesses import Guesses
from pipeline.data.image_ids import is_image_id
from pipeline.data.image_rights import RIGHTS
from pipeline.data.member import Member
from pipeline.data.patient_words import ages, sexes
from pipeline.data.quotable import problems_of, quotable
from pipeline.data.regular_files import read_regular
from pipeline.errors import DataError
from pipeline.limits import MOST_PROBLEMS, MOST_TABLE_BYTES
from pipeline.vocabulary import View

COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")
_OPTIONAL = ("dataset",)
FITZPATRICK = "fitzpatrick"
HAM10000 = ("CC BY-NC 4.0", "Tschandl, Rosendahl & Kittler 2018, HAM10000, doi:10.7910/DVN/DBW86T")


@dataclass(frozen=True)
class Rows:
    """What an archive says of its images.

    Attributes:
        table: as `checked_rows` gives it.
        problems: rows that are left out or in doubt, as {image_id, problem}.
        notes: what holds for the data set as a whole, in sentences.
        rights: licence and attribution, where the layout tells whose images they are.
        view: the part of the originals that the images show, where the layout tells.
    """

    table: pd.DataFrame
    problems: list[dict]
    notes: list[str] = field(default_factory=list)
    rights: tuple[str, str] | None = None
    view: View | None = None


def _words(column: pd.Series) -> pd.Series:
    return column.fillna("unknown").replace("", "unknown").str.lower()


def checked_rows(
    table: pd.DataFrame, name: str, guesses: Guesses | None = None, where: str = ""
) -> tuple[pd.DataFrame, list[dict]]:
    """The table `name` in one form, and the problems of single rows, which are left out.

    Args:
        table: COLUMNS as text, and perhaps `dataset`, `fitzpatrick` and RIGHTS.
        guesses: what is known beside it; gets what was guessed.
        where: the diagnoses stand in `name`, for sentences.

    Returns:
        A row an image: COLUMNS and `source` (the image source, from a `dataset` column; NA without one), age as
        float with NaN, unknown sex and localization as "unknown", where they are recorded `fitzpatrick` (I to VI, NA)
        and RIGHTS; and problems as {image_id, problem}.

    Raises:
        UnconfirmedNamesError: it has diagnoses that somebody has to map to codes.
        DataError: it has no rows, or has diagnoses that LesionLab does not know.
    """
    guesses = guesses or Guesses()
    if table.empty:
        raise DataError(f"{name} has no rows.", "Give a table with a row for each image.")
    table = table.copy()
    table["image_id"] = guesses.matched(table["image_id"])
    without = table["dx"].isna() | (table["dx"] == "")
    table["dx"], problems = guesses.diagnoses(table["dx"], table["image_id"], name, where)
    table = table[without | table["dx"].notna()]

    def leave_out(rows: pd.Series, sentence: str) -> None:
        nonlocal table
        problems.extend(problems_of(table.loc[rows, "image_id"], sentence))
        table = table[~rows]

    for column in ("image_id", "lesion_id", "dx"):
        leave_out(table[column].isna() | (table[column] == ""), f"the row has no {column}")
    leave_out(~table["image_id"].map(is_image_id).astype(bool), "its image_id cannot be the name of a file")
    per_image = table.groupby("image_id")["dx"].transform("nunique")
    leave_out(per_image > 1, "its rows name different diagnoses")
    leave_out(table["image_id"].duplicated(), "a second row for the same image")
    # on systems that do not tell capitals apart, their files would be one
    leave_out(table["image_id"].str.casefold().duplicated(), "its image_id differs from another's in capitals alone")
    per_lesion = table.groupby("lesion_id")["dx"].transform("nunique")
    leave_out(per_lesion > 1, "its lesion has two diagnoses")
    age = ages(table["age"], guesses.notes)
    odd = age.isna() & table["age"].notna() & ~table["age"].fillna("").str.lower().isin(["", "unknown", "nan"])
    odd_ages = table.loc[odd, ["image_id", "age"]]
    for image_id, text in odd_ages.head(MOST_PROBLEMS).itertuples(index=False):
        age_said = f"age {text}" if quotable(text) else "what stands as its age"
        problems.append({"image_id": image_id, "problem": f"{age_said} is no age in years; kept without an age"})
    problems += problems_of(odd_ages["image_id"].iloc[MOST_PROBLEMS:], "no age in years; kept without an age")
    table = table.assign(
        age=age,
        sex=sexes(table["sex"], guesses.notes),
        localization=_words(table["localization"]),
        dx_type=_words(table["dx_type"]),
        source=table["dataset"] if "dataset" in table else pd.Series(pd.NA, index=table.index, dtype="str"),
    )
    more = [column for column in (FITZPATRICK, *RIGHTS) if column in table and table[column].notna().any()]
    return table[[*COLUMNS, "source", *more]].reset_index(drop=True), problems


def own_lesions(images: pd.Series, lesions: pd.Series) -> tuple[pd.Series, list[str]]:
    """`lesions`, where an image without a lesion_id is a lesion of its own; and a note where there are such.

    Args:
        images, lesions: image_id, and lesion_id as text or NA, on one index.
    """
    alone = lesions.isna() | (lesions == "")
    if not alone.any():
        return lesions, []
    which = "None of the images has a" if alone.all() else f"{alone.sum():,} of {len(images):,} images have no"
    return lesions.where(~alone, images), [
        f"{which} lesion id: each of them counts as a lesion of its own, so images of one lesion may lie on both sides "
        "of a split."
    ]


def read_metadata(content: bytes, name: str) -> tuple[pd.DataFrame, list[dict]]:
    """HAM10000's own table in `content`, as `checked_rows` gives it.

    Raises:
        DataError: the table cannot be read, has no rows, lacks a column, or has diagnoses that LesionLab does not know.
    """
    return checked_rows(read_table(content, name, COLUMNS, _OPTIONAL), name, where=" in column dx")


def ham10000_rows(member: Member, guesses: Guesses) -> Rows:
    """The rows of HAM10000's own table; raises as `read_metadata` and `Member.read` do."""
    # the bytes are gone before it is checked
    table = read_table(member.read(), member.said, COLUMNS, _OPTIONAL, guesses.notes)
    rows, problems = checked_rows(table, member.said, guesses, " in column dx")
    own = rows["image_id"].str.startswith("ISIC_").all()
    return Rows(rows, problems, guesses.notes, HAM10000 if own else None)


def read_sources(path: Path) -> pd.Series:
    """The image source (column `dataset`) of each image_id.

    Raises:
        DataError: no such file, it cannot be read, or it lacks a column.
    """
    if not os.path.exists(path):
        raise DataError(f"There is no file {path}.", "Check the path of the sources.")
    table = read_table(read_regular(path, MOST_TABLE_BYTES), path.name, ("image_id", "dataset"))
    return table.dropna(subset=["image_id"]).drop_duplicates("image_id").set_index("image_id")["dataset"]
