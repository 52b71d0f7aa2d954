"""Numbers as a person would say them: shares, counts, times. What is undefined is a dash."""

import math

UNDEFINED = "–"


def percent(share: float | None, decimals: int = 1) -> str:
    """A share of 0..1 as "84.3 %"."""
    if share is None or not math.isfinite(share):
        return UNDEFINED
    return f"{100 * share:.{decimals}f} %"


def probability(value: float) -> str:
    """Like `percent`, but a number that is not quite 0 or 1 is not written as if it were."""
    if 0 < value < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if 0.9995 < value < 1 else percent(value)


def decimal(value: float | None, decimals: int = 3) -> str:
    """A number as "0.912"."""
    return UNDEFINED if value is None or not math.isfinite(value) else f"{value:.{decimals}f}"


def count(n: int | None, noun: str, plural: str | None = None) -> str:
    """ "1 image", "2,003 images"."""
    return UNDEFINED if n is None else f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def duration(seconds: float | None, tenths: bool = False) -> str:
    """A measured time: "42 s", "3 min 20 s", "2 h 5 min"; with `tenths` "4.2 s" below ten seconds."""
    if seconds is None:
        return UNDEFINED
    if tenths and seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def rough_duration(seconds: float) -> str:
    """A time that nobody needs to the second: "40 seconds", "a minute", "4 minutes", "1 hour 20 minutes"."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"{max(round(seconds / 10), 1) * 10} seconds"
    minutes = round(seconds / 60)
    if minutes < 2:
        return "a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return count(hours, "hour") + (f" {rest} minutes" if rest else "")


def time_left(seconds: float | None) -> str:
    """ "About 4 minutes left"; says that it is not known yet where it is not."""
    if seconds is None:
        return "time left not known yet"
    words = rough_duration(seconds)
    return f"{words} left" if words.startswith("a few") else f"about {words} left"
