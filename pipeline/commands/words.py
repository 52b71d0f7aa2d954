"""Numbers and tables as the command line prints them for people."""

import math
from collections.abc import Sequence

from pipeline.shown import as_printed


def percent(share: float | None) -> str:
    """A share in 0..1 as a percentage with one decimal; "–" where it is undefined."""
    return "–" if share is None or math.isnan(share) else f"{100 * share:.1f} %"


def figure(value: float | None) -> str:
    """A figure such as an AUC with three decimals; "–" where it is undefined."""
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"


def duration(seconds: float | None) -> str:
    """Seconds as a person would say them: "42 s", "3 min 20 s", "2 h 5 min"; "–" for a run that has not begun."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def count(number: int, noun: str) -> str:
    """"1 image", "10,015 images"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Aligned columns with two spaces between; the columns numbered in `right` are flush right."""
    lines = [[as_printed(cell) for cell in line] for line in [header, *rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """A name and its value a line, values aligned."""
    pairs = [(as_printed(name), as_printed(value)) for name, value in pairs]
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in pairs)
