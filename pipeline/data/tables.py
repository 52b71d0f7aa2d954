"""What a data set holds: counts by diagnosis, cross-tables, what is missing, and the rows that a filter leaves.

Reads the metadata table only; needs neither images nor torch.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

Factor = Literal["dx", "age", "sex", "localization", "dx_type", "source", "fitzpatrick"]
Unit = Literal["images", "lesions"]

NOT_RECORDED = "not-recorded"
FACTORS: tuple[Factor, ...] = ("dx", "age", "sex", "localization", "dx_type", "source", "fitzpatrick")
SKIN_TYPE: Factor = "fitzpatrick"  # few collections have it: elsewhere nothing is said of it
AGE_BANDS = ("0-19", "20-39", "40-59", "60-79", "80-up")  # years, both ends included
_LOWER_ENDS = (20, 40, 60, 80)
MISSING = ("unknown", NOT_RECORDED)
TRUTH_WORDS = {  # what `dx_type` says of how a diagnosis was made
    "histo": "histology", "follow_up": "follow-up", "consensus": "expert consensus", "confocal": "confocal microscopy",
}


def recorded(value: object) -> str | None:
    """A cell of the metadata as text; None where nothing is recorded, or it is the data's own "unknown"."""
    return None if value is None or value != value or value in MISSING else str(value)  # NaN equals nothing


class Missing(NamedTuple):
    """`images` of `lesions` have `level` ("unknown" or NOT_RECORDED) in `factor`; `share` of all images, 0..1."""

    factor: Factor
    level: str
    images: int
    lesions: int
    share: float


def described(metadata: pd.DataFrame) -> pd.DataFrame:
    """The metadata as factors: image_id, lesion_id and a level in each of FACTORS, on the same index.

    All but image_id are categorical, which counts ten times as fast as text. `age` becomes one of AGE_BANDS; what is
    empty becomes NOT_RECORDED, as is a skin type that the table has no column for; "unknown" stays, as the data's own
    word.
    """
    age = metadata["age"].to_numpy(dtype=float)
    band = np.where(np.isnan(age), len(AGE_BANDS), np.digitize(np.nan_to_num(age), _LOWER_ENDS))
    if SKIN_TYPE not in metadata:
        metadata = metadata.assign(**{SKIN_TYPE: NOT_RECORDED})
    words = {column: _levels_of(metadata[column]) for column in FACTORS if column != "age"}
    return metadata[["image_id"]].assign(
        lesion_id=pd.Categorical.from_codes(*pd.factorize(metadata["lesion_id"])), **words,
        age=pd.Categorical.from_codes(band, [*AGE_BANDS, NOT_RECORDED]),
    )[["image_id", "lesion_id", *FACTORS]]


def _levels_of(column: pd.Series) -> pd.Categorical:
    return pd.Categorical(column.astype("str").fillna(NOT_RECORDED).replace("", NOT_RECORDED))


def factors_of(rows: pd.DataFrame) -> tuple[Factor, ...]:
    """FACTORS, the skin type only where it is recorded for some of `rows`."""
    has_types = SKIN_TYPE in rows and (rows[SKIN_TYPE] != NOT_RECORDED).any()
    return tuple(factor for factor in FACTORS if factor != SKIN_TYPE or has_types)


def levels(rows: pd.DataFrame, factor: Factor) -> list[str]:
    """The levels of a factor in the order to show them.

    All age bands, youngest first; diagnoses by code, skin types from I to VI; others by number of images, then
    alphabetically. What is unknown or not recorded comes last, and only where it occurs.
    """
    counts = rows[factor].value_counts()
    found = list(counts.index[counts > 0])
    missing = [level for level in MISSING if level in found]
    if factor == "age":
        return [*AGE_BANDS, *missing]
    named = [level for level in found if level not in MISSING]
    return [*(sorted(named) if factor in ("dx", SKIN_TYPE) else named), *missing]


def counts_by_diagnosis(rows: pd.DataFrame) -> pd.DataFrame:
    """dx, images and lesions, the diagnosis with the most images first."""
    table = rows.groupby("dx", observed=True).agg(images=("image_id", "size"), lesions=("lesion_id", "nunique"))
    return table.sort_values(["images", "lesions"], ascending=False, kind="stable").reset_index()


def group_counts(rows: pd.DataFrame, codes: Iterable[str]) -> tuple[int, int]:
    """Images and lesions whose diagnosis is one of `codes`."""
    chosen = rows[rows["dx"].isin(list(codes))]
    return len(chosen), chosen["lesion_id"].nunique()


def cross_table(rows: pd.DataFrame, factor: Factor, unit: Unit = "images") -> pd.DataFrame:
    """Counts, int: a row for each level of `factor` (index), a column for each diagnosis code, alphabetically.

    A lesion whose images differ in the level, such as in age, counts once in each.
    """
    counted = rows if unit == "images" else rows.drop_duplicates(["lesion_id", "dx", factor])
    return (
        counted.groupby([factor, "dx"], observed=True).size().unstack()
        .reindex(index=levels(rows, factor), columns=levels(rows, "dx"), fill_value=0)
        .fillna(0)
        .astype(int)
    )


def missing(rows: pd.DataFrame) -> list[Missing]:
    """What is not known of some images, in the order of FACTORS."""
    found = []
    for factor in factors_of(rows):
        for level in MISSING:
            lacking = rows.loc[rows[factor] == level, "lesion_id"]
            if factor != "dx" and len(lacking):
                found.append(Missing(factor, level, len(lacking), lacking.nunique(), len(lacking) / len(rows)))
    return found


def filtered(rows: pd.DataFrame, chosen: Mapping[Factor, str]) -> pd.DataFrame:
    """Those of `rows` that have the chosen level in every factor of `chosen`, in the same order."""
    keep = np.ones(len(rows), dtype=bool)
    for factor, level in chosen.items():
        keep &= (rows[factor] == level).to_numpy(dtype=bool)
    return rows[keep]
