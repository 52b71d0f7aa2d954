"""Filters, order and view of a run's images as the address has them, each checked against what there is."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from app.addresses.links import written
from pipeline.evaluation.evidence import KINDS
from pipeline.metrics.cases import LEVELS, ORDERS, Order, Range
from pipeline.metrics.decisions import DECISIONS

NOUNS: dict[str, str] = {
    "part": "part", "truth": "true diagnosis", "predicted": "predicted diagnosis", "age": "age band", "sex": "sex",
    "localization": "localization", "dx_type": "origin of the truth", "source": "image source",
    "right": "answer right or wrong", "confidence": "range of confidence", "loss": "range of the loss",
    "of": "output", "share": "range of the output", "own": "range of the image's own output",
    "called": "prediction for the lesion", "differs": "run to disagree with", "wrong": "run that is wrong too",
    "judged": "run that judged it too", "seen": "choice of lesions that training saw", "evidence": "kind of evidence",
    "doubtful": "doubtful label", "flips": "change of the picture", "set": "teaching set", "area": "area of the map",
    "decision": "decision", "sort": "order",
}
FILTERS = tuple(name for name in NOUNS if name != "sort")
FIRST: Order = "loss"
_YES = {"yes": True, "no": False}
_CORNERS = 60  # of an area, so that its address stays short
MOST_PROBLEMS = 5  # of one parameter that are named


class Known(NamedTuple):
    """What can be asked for: levels of each factor that is known here, other runs, teaching sets, perturbations whose
    flips are stored, whether there is a map, whether training saw some of the lesions, and whether it is known how much
    evidence lies inside the lesions.
    """

    levels: Mapping[str, Sequence[str]]
    runs: Sequence[str]
    sets: Sequence[str]
    flips: Sequence[str]
    map: bool
    seen: bool = False
    evidence: bool = False


@dataclass
class Asked:
    """What the address asks for, and in `problems` what of it is not here, a sentence each.

    Attributes are those of `pipeline.metrics.cases.CaseFilter`, and the runs of which one at least disagrees, those
    that are all wrong, those whose validation images these are too, whether training saw the lesion, the kind of
    evidence (`evidence.KINDS`), whether the label is doubtful, the perturbation that flips the lesion's prediction, the
    teaching set, the (V, 2) outline on the map, and the decision under which all of this is asked; None: as stored.
    """

    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    right: bool | None = None
    confidence: Range | None = None
    loss: Range | None = None
    of: tuple[str, ...] = ()
    share: Range | None = None
    own: Range | None = None
    called: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()
    seen: bool | None = None
    evidence: str | None = None
    doubtful: bool = False
    flips: str | None = None
    set: str | None = None
    area: np.ndarray | None = None
    decision: str | None = None
    order: Order = FIRST
    problems: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether anything is filtered."""
        given = (self.levels, self.confidence, self.loss, self.of, self.share, self.own, self.called, self.differs,
                 self.wrong, self.judged, self.evidence, self.doubtful, self.flips, self.set, self.decision)
        return any(given) or any(one is not None for one in (self.right, self.seen, self.area))


def address_of(params: Mapping[str, str]) -> dict[str, str]:
    """Those of `params` that say which images are shown in which order."""
    return {name: params[name] for name in (*FILTERS, "sort") if name in params}


def read_address(params: Mapping[str, str], known: Known) -> Asked:
    """What `params` ask for. A level, run or set that is not here is left out and named in `problems`."""
    asked = Asked()
    for name in LEVELS:
        if name in params:
            wanted = _split(params[name])
            here = tuple(level for level in wanted if level in known.levels.get(name, ()))
            if here:
                asked.levels[name] = here
            asked.problems += [_gone(name, level) for level in wanted if level not in here][:MOST_PROBLEMS]
    readers: dict[str, Callable[[str], object]] = {
        "right": _YES.__getitem__, "confidence": _range, "loss": _range, "share": _range, "own": _range,
        **dict.fromkeys(("of", "called"), lambda text: _all_of(_split(text), known.levels["truth"])),
        **dict.fromkeys(("differs", "wrong", "judged"), lambda text: _all_of(_split(text), known.runs)),
        "seen": lambda text: _YES[text] if known.seen else _one_of(text, ()),
        "evidence": lambda text: _one_of(text, tuple(KINDS) if known.evidence else ()),
        "decision": lambda text: _one_of(text, tuple(DECISIONS)), "doubtful": _YES.__getitem__,
        "flips": lambda text: _one_of(text, known.flips), "set": lambda text: _one_of(text, known.sets),
        "area": lambda text: _outline(text, known.map),
    }
    for name, read in readers.items():
        if name in params:
            try:
                setattr(asked, name, read(params[name]))
            except (KeyError, ValueError):
                asked.problems.append(_gone(name, params[name]))
    if "sort" in params:
        if params["sort"] in ORDERS:
            asked.order = params["sort"]
        else:
            asked.problems.append(f"The address names the order {params['sort'][:40]}, which is not here. Sorted "
                                  "instead: highest loss first.")
    return asked


def _gone(name: str, value: str) -> str:
    return (f"The address names the {NOUNS[name]} {value[:80]}, which is not here (any more). Shown without this "
            "filter.")


def _split(text: str) -> tuple[str, ...]:
    return tuple(level.replace("%2C", ",").replace("%25", "%") for level in text.split(","))


def _one_of(text: str, known: Sequence[str]) -> str:
    return known[list(known).index(text)]


def _all_of(levels: tuple[str, ...], known: Sequence[str]) -> tuple[str, ...]:
    return tuple(_one_of(level, known) for level in levels)


def _range(text: str) -> Range:
    low, found, high = text.partition("..")
    bounds = float(low), float(high) if high else math.inf
    if not found or not bounds[0] <= bounds[1]:
        raise ValueError(text)
    return bounds


def _outline(text: str, there: bool) -> np.ndarray:
    corners = np.array([[float(number) for number in corner.split(",")] for corner in text.split(";")])
    if not there or corners.ndim != 2 or corners.shape[1] != 2 or not np.isfinite(corners).all():
        raise ValueError(text)
    return corners


def written_outline(x: Sequence[float], y: Sequence[float]) -> str:
    """An outline on the map as the address has it: corners to a tenth, at most 60 of them."""
    corners = np.column_stack([x, y]).astype(float)
    kept = np.unique(np.linspace(0, len(corners) - 1, min(len(corners), _CORNERS)).round().astype(int))
    return ";".join(f"{a:.1f},{b:.1f}" for a, b in corners[kept])


def written_levels(levels: Sequence[str]) -> str | None:
    """Levels as the address has them; None for none, which takes the filter out."""
    return written(list(levels)) if levels else None
