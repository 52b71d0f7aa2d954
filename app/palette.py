"""Colours, symbols and dashes: one of each for a diagnosis on every page, and the few that charts use besides.

The colours of the ten single diagnoses were chosen together by a search in OKLab: warm hues for malignant, in situ and
precursor diagnoses, cool ones for benign; each with at least 3:1 against the light and the dark page, and all those
that occur in one data set apart for normal, protan, deutan and tritan sight (simulated after Machado et al. 2009).
Colour never stands alone: each diagnosis has a symbol and a dash, and its code stands beside it.
"""

from dataclasses import dataclass
from typing import Any

LIGHT_BACKGROUND = "#ffffff"
DARK_BACKGROUND = "#12181d"


@dataclass(frozen=True)
class Mark:
    """How a diagnosis is drawn: `colour` (#rrggbb), Plotly marker `symbol` and line `dash`."""

    colour: str
    symbol: str
    dash: str


MARKS: dict[str, Mark] = {
    "mel": Mark("#cd3c11", "circle", "solid"),
    "bcc": Mark("#e55495", "square", "dash"),
    "scc": Mark("#b96e65", "diamond", "dot"),
    "akiec": Mark("#a48723", "triangle-up", "dashdot"),
    "ak": Mark("#aa892b", "triangle-down", "longdash"),
    "nv": Mark("#758cbe", "circle-open", "solid"),
    "bkl": Mark("#1c928f", "square-open", "dash"),
    "df": Mark("#52771a", "diamond-open", "dot"),
    "vasc": Mark("#7465cc", "triangle-up-open", "dashdot"),
    "unk": Mark("#756667", "x", "longdash"),
    "malignant": Mark("#cc3d1c", "hexagon", "solid"),  # these two occur beside each other alone
    "benign": Mark("#738cbd", "hexagon-open", "dash"),
}
_OTHER = Mark("#756667", "cross", "longdashdot")

# the two parts of a curve, told apart by dash and symbol as well; each 3:1 on both pages
TRAINING = Mark("#7d8790", "circle", "solid")
VALIDATION = Mark("#1787a0", "diamond", "dash")
SECOND = Mark("#c2591f", "square", "dot")
MARKED = (0, 229, 255)  # red, green, blue: over a part of a picture, because skin has no such colour


@dataclass(frozen=True)
class Tone:
    """What depends on the page being light or dark: text, and the ends of the two sequential maps, of which `wrong` is
    that of errors.
    """

    background: str
    text: str
    muted: str
    low: str
    high: str
    wrong: str


LIGHT = Tone(LIGHT_BACKGROUND, "#101a21", "#55636e", "#eff4f6", "#0b5163", "#a33c08")
DARK = Tone(DARK_BACKGROUND, "#e6ebef", "#a9b5be", "#1d272e", "#7fd3e4", "#ffa36b")


def tone(dark: bool) -> Tone:
    return DARK if dark else LIGHT


def mark(code: str) -> Mark:
    """The mark of a diagnosis; a grey cross for a code that this table lacks."""
    return MARKS.get(code, _OTHER)


def channels(colour: str) -> tuple[float, float, float]:
    """Linear-light red, green and blue in 0..1 of "#rrggbb"."""
    coded = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in coded)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two "#rrggbb" colours, 1..21."""
    luminance = sorted(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), channels(x), strict=True))
                       for x in (one, other))
    return (luminance[1] + 0.05) / (luminance[0] + 0.05)


def _cube_root_lms(colour: str) -> list[float]:
    """Cube roots of the cone responses: OKLab (Ottosson 2020) up to a linear map, so mixing here is mixing there."""
    red, green, blue = channels(colour)
    rows = ((0.41222147, 0.53633254, 0.05144599), (0.21190350, 0.68069955, 0.10739696),
            (0.08830246, 0.28171884, 0.62997870))
    return [(r * red + g * green + b * blue) ** (1 / 3) for r, g, b in rows]


def between(low: str, high: str, share: float) -> str:
    """The colour at `share` (0..1) of the straight way from `low` to `high` in OKLab, so that lightness is even."""
    l_, m, s = (((1 - share) * a + share * b) ** 3
                for a, b in zip(_cube_root_lms(low), _cube_root_lms(high), strict=True))
    linear = (
        4.07674166 * l_ - 3.30771159 * m + 0.23096993 * s,
        -1.26843800 * l_ + 2.60975740 * m - 0.34131940 * s,
        -0.00419609 * l_ - 0.70341861 * m + 1.70761470 * s,
    )
    coded = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in linear)
    return "#" + "".join(f"{round(255 * min(max(c, 0), 1)):02x}" for c in coded)


def sequential(dark: bool, *, wrong: bool = False) -> list[list[Any]]:
    """A Plotly colour scale, perceptually even, from nearly the page's background to the accent, of what is `wrong` to
    the colour of errors.
    """
    ends = tone(dark)
    return [[i / 8, between(ends.low, ends.wrong if wrong else ends.high, i / 8)] for i in range(9)]


def readable_on(colour: str) -> str:
    """Black or white, whichever reads better on `colour`: at least 4.5:1 on any."""
    return max(("#000000", "#ffffff"), key=lambda text: contrast(text, colour))
