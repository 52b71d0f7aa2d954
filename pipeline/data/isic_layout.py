"""The tables of the ISIC challenges: a ground truth with a column for each diagnosis, and a table with the lesions; and
the labels of the images of 2018's Tasks 1 and 2, whose challenge names no diagnosis.

Columns and codes are each year's own: ISIC 2019's AK and SCC stay ak and scc, and 2018's AKIEC stays akiec.
"""

import re

import pandas as pd

from pipeline.data.delimited import column_names, read_table
from pipeline.data.guesses import Guesses
from pipeline.data.member import Member
from pipeline.data.metadata import COLUMNS, Rows, checked_rows, own_lesions
from pipeline.data.quotable import named, problems_of
from pipeline.data.sources import isic
from pipeline.errors import DataError
from pipeline.limits import MOST_LINE_CHARACTERS
from pipeline.vocabulary import CRITERIA

_LABELS = ("image_id", "dx", "lesion_id", "source")
_HEAD = 4 * MOST_LINE_CHARACTERS  # bytes: a character has at most four
_TRUTH = re.compile(r"isic_?(2018|2019)_(?:task3_)?(training|validation|test)_groundtruth", re.IGNORECASE)


def isic_truth(table: Member) -> str | None:
    """The year of the challenge whose ground truth this is, by its file's name; None for any other table."""
    found = _TRUTH.fullmatch(table.stem)
    return found[1] if found else None


def _year_of_columns(table: Member) -> str | None:
    """The year of the challenge whose columns a table of another name has, as copies elsewhere do."""
    try:
        names = set(column_names(table.start(_HEAD), table.said))
    except DataError:
        return None
    return next((year for year, columns in isic.COLUMNS.items() if {"image", *columns} <= names), None)


def is_renamed_truth(table: Member) -> bool:
    """Whether this is a challenge's ground truth under another name, told by its columns."""
    return table.is_table and _year_of_columns(table) is not None


def is_criteria_labels(table: Member) -> bool:
    """Whether this is the table `labels.csv` of the images of Tasks 1 and 2, with a column for each criterion."""
    if not table.is_table or table.stem.lower() != "labels":
        return False
    return {*_LABELS, *CRITERIA} <= set(column_names(table.start(_HEAD), table.said))


def criteria_rows(table: Member, guesses: Guesses) -> Rows:
    """What the labels of the images of Tasks 1 and 2 say; their copies show central squares.

    Raises:
        DataError: the table cannot be read, or names diagnoses that LesionLab does not know.
    """
    labels = read_table(table.read(), table.said, _LABELS, notes=guesses.notes)
    lesions, notes = own_lesions(labels["image_id"], labels["lesion_id"])
    raw = labels.assign(lesion_id=lesions, dataset=labels["source"])
    absent = pd.Series(pd.NA, index=raw.index, dtype="str")
    rows, problems = checked_rows(raw.assign(**{c: absent for c in COLUMNS if c not in raw}), table.said, guesses)
    kinds = ", ".join(sorted(rows["dx"].unique()))
    notes += [
        f"Its images show {kinds} alone. How the reference diagnosis was made, age, sex and localization are not "
        "recorded.",
        "The archive's masks of dermoscopic criteria are not imported.",
    ]
    return Rows(rows, problems, [*guesses.notes, *notes], (isic.LICENCE, isic.ATTRIBUTION["task12"]), "square")


def isic_rows(truth: Member, tables: list[Member], guesses: Guesses) -> Rows:
    """What a ground truth and the table beside it say. An image without a lesion id is a lesion of its own.

    Args:
        tables: all tables of the archive; the one with the lesions is found among them by its name.

    Raises:
        DataError: a table cannot be read, or its columns are not those of that year.
    """
    year = isic_truth(truth) or _year_of_columns(truth)
    if year is None:
        raise DataError(f"{truth.said} is no ground truth of an ISIC challenge.", "Check its columns.")
    columns = isic.COLUMNS[year]
    content = truth.read()
    table = read_table(content, truth.said, ("image", *columns), notes=guesses.notes)
    if unknown := [column for column in column_names(content, truth.said)
                   if column and column not in (*isic.OTHER_COLUMNS, *columns)]:
        raise DataError(
            f"{truth.said} has columns that LesionLab does not know: {named(unknown)}.",
            f"The diagnoses of ISIC {year} are {', '.join(columns)}.",
        )
    dx, problems, notes = _diagnoses(table, columns)
    raw = _with_lesions(table["image"], year, _beside(truth, year, tables, guesses.notes), notes)
    marked = dx.notna()
    rows, others = checked_rows(raw.assign(dx=dx)[marked], truth.said, guesses)
    return Rows(rows, problems + others, [*guesses.notes, *notes], (isic.LICENCE, isic.ATTRIBUTION[year]))


def _diagnoses(table: pd.DataFrame, columns: tuple[str, ...]) -> tuple[pd.Series, list[dict], list[str]]:
    """The code of each row, NA where not exactly one column is marked; those rows as problems; and notes."""
    marks = table[list(columns)].apply(pd.to_numeric, errors="coerce").eq(1)
    marked = marks.sum(axis=1)
    words = {0: "the ground truth marks no diagnosis"}
    problems = []
    for n in sorted(set(marked) - {1}):
        problems += problems_of(table["image"][marked == n], words.get(n, f"the ground truth marks {n} diagnoses"))
    dx = marks.idxmax(axis=1).str.lower().where(marked == 1)
    absent = [column.lower() for column in columns if not marks.loc[marked == 1, column].any()]
    notes = [
        f"Of the {len(columns)} diagnoses in the ground truth {len(columns) - len(absent)} have images; none has: "
        f"{', '.join(absent)}."
    ] if absent else []
    return dx, problems, notes


def _beside(truth: Member, year: str, tables: list[Member], notes: list[str]) -> pd.DataFrame | None:
    """The table with the lesions, by image; None where the archive has none."""
    what, columns = isic.BESIDE[year]
    wanted = re.sub("groundtruth$", what, truth.stem, flags=re.IGNORECASE).lower()
    found = next((table for table in tables if table.stem.lower() == wanted != truth.stem.lower()), None)
    if found is None:
        return None
    table = read_table(found.read(), found.said, ("image",), tuple(columns), notes)
    return table.rename(columns=columns).drop_duplicates("image").set_index("image")


def _with_lesions(images: pd.Series, year: str, beside: pd.DataFrame | None, notes: list[str]) -> pd.DataFrame:
    """The columns of HAM10000's own table without `dx`; adds to `notes` what the lesions lack."""

    def said(column: str) -> pd.Series:
        if beside is None or column not in beside:
            return pd.Series(pd.NA, index=images.index, dtype="str")
        return images.map(beside[column]).astype("str")  # of an empty table it would be numbers

    lesions, alone = own_lesions(images, said("lesion_id"))
    notes += alone
    raw = pd.DataFrame(
        {
            "lesion_id": lesions,
            "image_id": images,
            "dx_type": said("dx_type").str.lower().replace(isic.CONFIRM_TYPES),
            "age": said("age"),
            "sex": said("sex"),
            "localization": said("localization"),
        }
    )
    if year == "2019":
        raw["dataset"] = said("lesion_id").str.extract(r"^([A-Z]+)")[0].map(isic.COLLECTIONS)
    return raw
