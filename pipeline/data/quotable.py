"""What may be told of a file that is not ours: short plain words, never what could be a secret; and what is wrong with
single images of an import, as {image_id, problem}, listed up to a number and counted beyond it."""

import re
from collections.abc import Iterable

import pandas as pd

from pipeline.data.image_ids import is_image_id
from pipeline.limits import MOST_PROBLEMS

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


def problems_of(ids: Iterable[object], sentence: str) -> list[dict]:
    """The same problem with each of the images; None stands for what cannot be shown, and for all beyond a number."""
    listed, rest = [], 0
    for image_id in ids:
        if len(listed) < MOST_PROBLEMS:
            listed.append({"image_id": image_id if _may_be_told(image_id) else None, "problem": sentence})
        else:
            rest += 1
    return listed + _more(rest, sentence)


def _may_be_told(image_id: object) -> bool:
    return is_image_id(image_id) and quotable(image_id, len(image_id))


def shortened(problems: list[dict]) -> list[dict]:
    """As many of the problems as a data set keeps."""
    return problems[:MOST_PROBLEMS] + _more(len(problems) - MOST_PROBLEMS, "with other problems")


def _more(rest: int, what: str) -> list[dict]:
    return [{"image_id": None, "problem": f"{rest:,} more images: {what}"}] if rest > 0 else []


def problem_said(problem: dict) -> str:
    """A problem within a sentence."""
    who = problem["image_id"] if quotable(problem["image_id"]) else "an image"
    return f"{who}: {problem['problem'].rstrip('.')}"
