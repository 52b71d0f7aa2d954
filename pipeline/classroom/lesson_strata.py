"""What a lesson is made of: strata of a diagnosis, how the model fares and the image source, and how many of each.

The image source must be no clue to the diagnosis: of each diagnosis in SPLIT the same share of a form's images comes
from each of two sources, half where the numbers are even; in a form of four all come from one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from pipeline.audit.label_leaks import cramers_v
from pipeline.errors import LessonError
from pipeline.vocabulary import LessonKind

Verdict = Literal["any", "right", "wrong", "sure-right", "sure-wrong", "two-cameras"]  # the last: see `camera_lesson`
Items = Literal[4, 12, 30]  # for a stand, a lesson, a test
ITEMS: tuple[Items, ...] = get_args(Items)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
SPLIT = ("mel", "nv", "bkl", "bcc")
INDEPENDENT = ("mel", "nv", "bkl")  # of these the source must tell nothing
SOURCES = ("rosendahl", "vidir_modern")  # of HAM10000: both have each diagnosis in SPLIT, with and without errors
MOLEMAX = "vidir_molemax"  # nearly all of it nevi in follow-up: only where the camera is the subject
BY_HAND = "by-hand"
LEANS = (1 / 2, 3 / 5, 2 / 3, 3 / 4)  # of a form's images from one source: where halves do not come out even
SURE = 0.7  # the highest probability from which on the model counts as sure


@dataclass(frozen=True)
class Stratum:
    """What an item is drawn for: a diagnosis, how the model fares with it, and from which source; "": from either."""

    dx: str
    verdict: Verdict = "any"
    source: str = ""

    @property
    def code(self) -> str:
        """As it stands in files: "mel.wrong.rosendahl", "akiec.right", "nv"."""
        return ".".join([self.dx, *([] if self.verdict == "any" else [self.verdict]), *filter(None, [self.source])])


def stratum_of(code: str) -> Stratum:
    """The stratum of a code."""
    dx, *rest = code.split(".", 2)
    verdict = next((one for one in VERDICTS if rest and rest[0] == one), None)
    return Stratum(dx, verdict or "any", ".".join(rest[1:] if verdict else rest))


class Wanted(NamedTuple):
    """`items` of a diagnosis with which the model fares so."""

    dx: str
    verdict: Verdict
    items: int


class Composition(NamedTuple):
    """What is wanted of a form, in the order in which it is filled.

    Attributes:
        one_source: all comes from one image source.
        lean: else the share of each diagnosis in SPLIT that comes from one of the two, one of LEANS.
    """

    wanted: tuple[Wanted, ...]
    one_source: bool = False
    lean: float = 1 / 2

    def split(self, sources: int, first: int) -> list[list[int]]:
        """For each of `wanted` how many come from each source, of which `first` gives more; what is left over of odd
        halves comes from the one and the other in turn. A single number where the source does not count.

        Args:
            sources: 1 or 2.
        """
        found = []
        for dx, _, items in self.wanted:
            if sources == 1 or dx not in SPLIT:
                found.append([items])
                continue
            more = int(items * self.lean + 0.5)
            found.append([more, items - more] if first == 0 else [items - more, more])
            if self.lean == 1 / 2 and items % 2:
                first = 1 - first
        return found


def composition(kind: LessonKind, items: Items, rng: np.random.Generator) -> Composition:
    """What a form of that many items consists of: melanoma first, what the model has wrong before what it has right.

    In a lesson about the model it has 1 of 4, 4 of 12 or 9 of 30 wrong: with 4 of one diagnosis, with 12 half of them
    melanomas, the others by chance of one of its two most frequent look-alikes. Of a test's items 2 of 4, 5 of 12 or 12
    of 30 are malignant, in situ or precursors.

    Raises:
        LessonError: there is no form of that many items.
    """
    if items not in ITEMS:
        raise LessonError("There is no form of {items} items.", "Ask for {sizes}.", items=items,
                          sizes=", ".join(map(str, ITEMS)))
    if kind == "test":
        return _test(items, rng)
    return _about_the_model(items, rng)


def _about_the_model(items: Items, rng: np.random.Generator) -> Composition:
    if items == 4:
        missed = str(rng.choice(["mel", "nv", "bkl"]))
        return Composition(tuple(Wanted(dx, "wrong" if dx == missed else "right", 1) for dx in SPLIT), one_source=True)
    if items == 12:
        other = str(rng.choice(["nv", "bkl"]))
        return Composition((*_of({"mel": 2, other: 2}, "wrong"), *_of(dict.fromkeys(SPLIT, 2), "right")))
    right = {"mel": 4, "nv": 6, "bkl": 4, "bcc": 3, "akiec": 2, "df": 1, "vasc": 1}
    return Composition((*_of({"mel": 4, "nv": 2, "bkl": 2, "bcc": 1}, "wrong"), *_of(right, "right")))


def _test(items: Items, rng: np.random.Generator) -> Composition:
    if items == 4:
        return Composition(_of(dict.fromkeys(SPLIT, 1)), one_source=True)
    if items == 12:
        rare = str(rng.choice(["df", "vasc"]))
        return Composition(_of({"mel": 2, "nv": 4, "bkl": 2, "bcc": 2, "akiec": 1, rare: 1}))
    return Composition(_of({"mel": 6, "nv": 8, "bkl": 6, "bcc": 4, "akiec": 2, "df": 2, "vasc": 2}))


def _of(items: Mapping[str, int], verdict: Verdict = "any") -> tuple[Wanted, ...]:
    """So many of each diagnosis, with all of which the model fares so."""
    return tuple(Wanted(dx, verdict, n) for dx, n in items.items())


def collection_mix(lesions: Mapping[str, int], items: int) -> Composition:
    """A form at the collection's own mix: each diagnosis as frequent as among its lesions, by the largest remainders.

    Args:
        lesions: how many the collection has of each diagnosis.

    Raises:
        LessonError: it has none.
    """
    total = sum(lesions.values())
    if not total:
        raise LessonError("The collection has no lesion, so it has no mix.", "Choose another run.")
    exact = {dx: items * n / total for dx, n in lesions.items()}
    counts = {dx: int(share) for dx, share in exact.items()}
    left = items - sum(counts.values())
    for dx in sorted(exact, key=lambda code: (counts[code] - exact[code], code))[:left]:
        counts[dx] += 1
    first = [*(dx for dx in SPLIT if counts.get(dx)), *sorted(dx for dx in counts if dx not in SPLIT and counts[dx])]
    wanted = _of({dx: counts[dx] for dx in first})
    return min((Composition(wanted, lean=lean) for lean in LEANS), key=_told_by_source)


def _told_by_source(parts: Composition) -> float:
    """Cramér's V of diagnosis and image source in a form, 0..1, where the diagnoses are to tell nothing of it."""
    rows = {one.dx: halves for one, halves in zip(parts.wanted, parts.split(2, 0), strict=True)
            if one.dx in INDEPENDENT}
    return float(np.nan_to_num(cramers_v(pd.DataFrame.from_dict(rows, orient="index"))))
