"""A lesson: images that a class is asked about, what the model says of each, and why each was chosen. No pixels.

The model's probabilities are those of held-out images: of a network that had not seen the lesion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Interval, Len, Predicate

from pipeline.classes import malignant_or_precursor
from pipeline.files.bounds import Code, Count, FileName, Moment, Share, Text, Whole, Word, without_controls
from pipeline.limits import MOST_LESSON_ITEMS
from pipeline.metrics.class_priors import prior_vector
from pipeline.metrics.decisions import decided
from pipeline.vocabulary import Asked, Decision, Form, LessonKind

LONGEST_TITLE, LONGEST_AIM, LONGEST_QUESTION, MOST_QUESTIONS = 120, 2000, 500, 20
SMALL = 450  # px on the short side: in a smaller picture dots and network cannot be judged
ShownWord = Annotated[Word, Predicate(without_controls)]
ShownText = Annotated[Text, Predicate(without_controls)]
Malignancy = Literal["malignant", "benign"]
Age = Annotated[float, Interval(ge=0, le=200)]
Probabilities = Annotated[dict[Code, Share], Len(2, 100)]


@dataclass(frozen=True)
class Item:
    """An image of a lesson.

    Attributes:
        dx: its reference diagnosis; dx_type: how that was made.
        dx_type, sex, localization, source: "" where not recorded; `source`, the image source, is shown to no seat.
        age: in years.
        probabilities: of each diagnosis that the model knows, at the frequencies of its data (the decision *as-data*).
        stratum: the code of what it was drawn for (`lesson_strata`); shown to no seat.
        by_hand: whether somebody chose it, knowing what it shows.
        short_side: of the largest picture of it here when it was chosen, in pixels; 0: there was none.
    """

    image_id: FileName
    lesion_id: Word
    dx: Code
    dx_type: ShownWord
    sex: ShownWord
    localization: ShownWord
    source: ShownWord
    age: Age | None
    probabilities: Probabilities
    stratum: Word
    by_hand: bool
    short_side: Count

    @property
    def small(self) -> bool:
        """Whether dots and network cannot be judged on its picture."""
        return self.short_side < SMALL


@dataclass(frozen=True)
class Shortfall:
    """A stratum of a form that has fewer items than were wanted: the collection has no more that fit."""

    stratum: Word
    form: Form
    wanted: Count
    found: Count


@dataclass(frozen=True)
class Lesson:
    """What a class goes through; everything but the pixels.

    Attributes:
        id: `lesson-<n>`, the name of its file here; "" before it is stored.
        questions: to ask the class.
        minutes: that it takes, joining and report included.
        kind: about the model, stratified on where it errs; or a test, drawn without looking at the model. Figures of
            the two are never put together.
        asks: what a seat is asked: the diagnosis, or malignant, in situ or precursor against benign.
        decision: under which the model answers.
        class_priors: share of each diagnosis in the model's training images, by code; what `balanced` divides by.
        generated: whether its images are LesionLab's drawings: for rehearsal, never scored as learning.
        data, run: whose images and whose held-out predictions these are, by name where it was drawn.
        model: its name in words.
        error_share: share, 0..1, of the lesions of the whole collection that the model has wrong under `decision`, by
            `asks`; None where it is not known.
        seed: that it was drawn with; 0 where nothing was.
        forms: A, and where there are two parallel ones B: as many items of the same strata, other lesions.
        licence: of the images, with whom they are attributed to.
        created: seconds since 1970 (UTC).
    """

    id: Word
    title: Annotated[ShownText, Len(1, LONGEST_TITLE)]
    aim: Annotated[ShownText, Len(0, LONGEST_AIM)]
    questions: Annotated[tuple[Annotated[ShownText, Len(1, LONGEST_QUESTION)], ...], Len(0, MOST_QUESTIONS)]
    minutes: Annotated[int, Interval(ge=0, le=1000)]
    kind: LessonKind
    asks: Asked
    decision: Decision
    class_priors: dict[Code, Annotated[float, Interval(gt=0, le=1)]]
    generated: bool
    data: ShownWord
    run: ShownWord
    model: ShownText
    error_share: Share | None
    seed: Whole
    shortfalls: Annotated[tuple[Shortfall, ...], Len(0, 1000)]
    forms: dict[Form, Annotated[tuple[Item, ...], Len(1, MOST_LESSON_ITEMS)]]
    licence: ShownText
    created: Moment

    def items(self, form: Form) -> tuple[Item, ...]:
        """The items of a form in their order."""
        return self.forms[form]

    def codes(self) -> tuple[str, ...]:
        """The diagnoses that the model chooses among, alphabetically."""
        return tuple(sorted(self.forms["A"][0].probabilities))

    def choices(self) -> tuple[str, ...]:
        """What can be answered: the model's diagnoses, or the two halves of the dichotomy."""
        return ("benign", "malignant") if self.asks == "malignancy" else self.codes()


def answer_of(lesson: Lesson, item: Item) -> dict[str, float]:
    """The model's probability of each diagnosis, 0..1, under the lesson's decision, by code in alphabetical order."""
    codes = lesson.codes()
    stored = np.array([[item.probabilities[code] for code in codes]])
    row = decided(stored, prior_vector(lesson.class_priors, codes), lesson.decision)[0]
    return dict(zip(codes, row.tolist(), strict=True))


def called(lesson: Lesson, item: Item) -> str:
    """The code of the diagnosis that the model calls the item: the one of the highest probability."""
    return highest_of(answer_of(lesson, item))


def highest_of(answer: Mapping[str, float]) -> str:
    """The code of the highest probability; of equal ones the first in the alphabet."""
    return max(sorted(answer), key=lambda code: answer[code])


def asked_answer(lesson: Lesson, code: str) -> str:
    """A diagnosis as the lesson asks for it: its code, or in which half of the dichotomy it is."""
    return malignancy(code) if lesson.asks == "malignancy" else code


def malignancy(code: str) -> Malignancy:
    """ "malignant" of a diagnosis that is malignant, in situ or a precursor, else "benign"."""
    return "malignant" if malignant_or_precursor([code]) else "benign"
