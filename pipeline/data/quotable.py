"""Which words of a file that is not ours a sentence may repeat: short plain ones, never what could be a secret."""

import re
from collections.abc import Iterable

import pandas as pd

_PLAIN = re.compile(r"\w[\w \-./()]*")
_MOST_NAMED = 8


def quotable(text: object, most: int = 40) -> bool:
    """Whether `text` is a short word that may be shown: at most `most` letters, digits, blanks and `-_./()`."""
    return isinstance(text, str) and len(text) <= most and _PLAIN.fullmatch(text) is not None


def named(words: Iterable[str], most: int = _MOST_NAMED) -> str:
    """The first `most` of those `words` that may be shown, with commas between, and how many more there are."""
    words = list(words)
    shown = [word for word in words if quotable(word)][:most]
    rest = len(words) - len(shown)
    if not rest:
        return ", ".join(shown)
    return f"{', '.join(shown)} and {rest:,} more" if shown else f"{rest:,} that cannot be shown here"


def values_or_rows(values: pd.Series) -> str:
    """What stands in a column and should not: each value with its number of rows, or the rows where it is not shown.

    Args:
        values: text; its index counts the table's rows from 0.
    """
    shown = values.map(quotable).astype(bool)
    counts = values[shown].value_counts().sort_index()
    said = [f"{word} ({n:,} row{'s' if n > 1 else ''})" for word, n in counts.iloc[:_MOST_NAMED].items()]
    if len(counts) > _MOST_NAMED:
        said.append(f"{len(counts) - _MOST_NAMED:,} more")
    hidden = [f"{row + 1:,}" for row in values.index[~shown]]
    if hidden:
        more = f" and {len(hidden) - _MOST_NAMED:,} more" if len(hidden) > _MOST_NAMED else ""
        said.append(f"what stands in row{'s' if len(hidden) > 1 else ''} {', '.join(hidden[:_MOST_NAMED])}{more}")
    return ", ".join(said)
