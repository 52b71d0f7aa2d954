"""Whose an image is and on what terms, where an archive says that of each: in one spelling, and counted for all."""

from collections import Counter

import pandas as pd

from pipeline.data.quotable import quotable
from pipeline.number_words import count

RIGHTS = ("licence", "attribution")  # columns of a data set's table
NOT_STATED = "not stated"
_ANOTHER = "another licence, which the archive's table names"
_NOT_SHOWN = "as the archive's table says"
_LICENCES = {
    "cc 0": "CC0 1.0", "cc0": "CC0 1.0", "cc by": "CC BY 4.0", "cc by nc": "CC BY-NC 4.0", "cc by sa": "CC BY-SA 4.0",
    "cc by nc sa": "CC BY-NC-SA 4.0", "cc by nc nd": "CC BY-NC-ND 4.0", "cc by nd": "CC BY-ND 4.0",
}
_MOST_ATTRIBUTIONS = 6
_LONGEST = 200  # characters of an attribution


def licences(written: pd.Series) -> pd.Series:
    """The licence of each image by its usual name, NA where none is written.

    Args:
        written: as the archive writes it, such as "CC-BY-NC", or by its usual name; text or NA.
    """
    plain = written.str.lower().str.replace(r"[^a-z0]+", " ", regex=True).str.strip()
    named = plain.map(lambda text: _LICENCES.get(text, _ANOTHER), na_action="ignore").astype("str")
    return named.where(~written.isin([*_LICENCES.values(), _ANOTHER]), written)


def attributions(written: pd.Series) -> pd.Series:
    """Whom each image is attributed to, NA where nobody is named; what may not be shown is named by where it stands.

    Args:
        written: text or NA.
    """
    return written.map(lambda text: text if may_be_shown(text) else _NOT_SHOWN, na_action="ignore").astype("str")


def may_be_shown(text: object) -> bool:
    """Whether it may stand as an attribution: letters, digits and the marks of a postal address."""
    return isinstance(text, str) and quotable("".join(letter for letter in text if letter not in ",'’&:;"), _LONGEST)


def counted(values: pd.Series) -> str:
    """ "CC0 1.0 (3 images); CC BY-NC 4.0 (1 image)", the most frequent first; one that all images have stands alone."""
    counts = Counter(values.dropna())
    if not counts:
        return NOT_STATED
    if len(counts) == 1 and values.notna().all():
        return str(next(iter(counts)))
    parts = [f"{words} ({count(n, 'image')})" for words, n in counts.most_common(_MOST_ATTRIBUTIONS)]
    more = len(counts) - _MOST_ATTRIBUTIONS
    absent = int(values.isna().sum())
    parts += [f"{more} more"] if more > 0 else []
    parts += [f"{NOT_STATED} ({count(absent, 'image')})"] if absent else []
    return "; ".join(parts)
