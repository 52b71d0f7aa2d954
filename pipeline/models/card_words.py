"""Numbers and tables as a model card writes them, in Markdown. What is undefined is a dash."""

import math
from collections.abc import Sequence

UNDEFINED = "–"


def percent(share: float | None) -> str:
    """A share of 0..1 as "84.3 %"."""
    return UNDEFINED if share is None or not math.isfinite(share) else f"{100 * share:.1f} %"


def figure(value: float | None) -> str:
    """A figure such as an AUC with three decimals."""
    return UNDEFINED if value is None or not math.isfinite(value) else f"{value:.3f}"


def count(n: int | None, noun: str) -> str:
    """ "1 image", "10,015 images"."""
    return UNDEFINED if n is None else f"{n:,} {noun}{'' if n == 1 else 's'}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table of cells in Markdown; every column but the first `left` is flush right."""
    lines = [header, [*["---"] * left, *["---:"] * (len(header) - left)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
