"""Lessons drawn from candidates, in one form or two; the same seed draws the same lesson."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from pipeline.classroom.lesson import Item, Lesson, Shortfall
from pipeline.classroom.lesson_candidates import Candidates, item_of
from pipeline.classroom.lesson_pool import Pool
from pipeline.classroom.lesson_strata import (
    BY_HAND,
    Composition,
    Items,
    Stratum,
    collection_mix,
    composition,
    stratum_of,
)
from pipeline.classroom.lesson_words import About
from pipeline.errors import LessonError
from pipeline.languages import marked
from pipeline.limits import MOST_LESSON_ITEMS
from pipeline.runs.teaching import TeachingSet
from pipeline.vocabulary import FORMS, Asked, Form, LessonKind

COLLECTION_ITEMS: Items = 30  # fewer have hardly a malignant lesion at the collection's own mix
MINUTES_AN_ITEM, MINUTES_AROUND = 2.5, 15  # joining and the report
MINUTES_OF_A_STAND = 5
Drawn = dict[Form, list[tuple[str, str]]]  # image ids, each with the code of its stratum


def minutes_of(items: int) -> int:
    """How long a class takes for that many items, joining and the report included; a stand's visitor for four."""
    return MINUTES_OF_A_STAND if items <= 4 else math.ceil(MINUTES_AN_ITEM * items) + MINUTES_AROUND


def lesson_from(
    pool: Pool, about: About, kind: LessonKind, asks: Asked, forms: dict[Form, tuple[Item, ...]], *, seed: int = 0,
    shortfalls: Sequence[Shortfall] = (),
) -> Lesson:
    """A lesson of these items, not stored yet.

    Raises:
        LessonError: a form has no item, or it cannot be asked so.
    """
    pool.check_asks(asks)
    if not all(forms.values()):
        raise LessonError("Not one image of the run {run} fits into such a lesson.",
                          "Choose another run, or another kind of lesson.", run=pool.origin.run)
    share = pool.error_share(asks)
    return Lesson(
        "", about.title, about.aim, about.questions, minutes_of(len(forms["A"])), kind, asks, pool.decision,
        dict(pool.origin.class_priors), pool.origin.generated, pool.origin.data, pool.origin.run, pool.origin.model,
        None if math.isnan(share) else share, seed, tuple(shortfalls), forms, pool.origin.licence, time.time(),
    )


def draw_lesson(
    candidates: Candidates, about: About, items: Items, seed: int = 0, *, forms: Literal[1, 2] = 2,
    own_mix: bool = False, large_first: bool = False,
) -> Lesson:
    """A lesson drawn by chance, in one form or in two parallel ones of other lesions.

    What a stratum lacks is left out of both forms, and never made up for by another stratum; where a half of a
    diagnosis lacks images, the other half of that stratum is cut to it, so that the source stays no clue.

    Args:
        own_mix: whether at the collection's own mix instead of enriched; a test of COLLECTION_ITEMS items whose
            candidates come from a pool under *as-data*, as an enriched lesson's come from one under *balanced*.
        large_first: images in whose picture here dots and network can be judged come first.

    Raises:
        LessonError: no such form is known, nothing fits, or the decision is not that of the mix.
    """
    _check_decision(candidates, items, own_mix)
    rng = np.random.default_rng(seed)
    parts = collection_mix(candidates.pool.mix, items) if own_mix else composition(candidates.kind, items, rng)
    return draw(candidates, about, parts, rng, seed, forms=forms, large_first=large_first)


def _check_decision(candidates: Candidates, items: int, own_mix: bool) -> None:
    if own_mix and (candidates.kind != "test" or items != COLLECTION_ITEMS):
        raise LessonError("At the collection's own mix there is a test alone, of 30 items.", "Ask for that.")
    right = "as-data" if own_mix else "balanced"
    if candidates.pool.decision != right:
        raise LessonError("A lesson at the collection's own mix shows answers under the decision as-data, any other "
                          "one under balanced.", "Draw it from a pool under that decision.")


def draw(
    candidates: Candidates, about: About, parts: Composition, rng: np.random.Generator, seed: int, *,
    forms: Literal[1, 2] = 2, large_first: bool = False,
) -> Lesson:
    """A lesson of the composition that is given; as `draw_lesson`."""
    named = FORMS[:forms]
    drawn, shortfalls = _filled(candidates, parts, named, rng, large_first)
    pool = candidates.pool
    if candidates.kind == "model" and not any(stratum_of(code).verdict.endswith("wrong") for _, code in drawn["A"]):
        raise LessonError("Not one error of the run {run} fits into a lesson about the model.",
                          "Draw a test, or choose another run.", run=pool.origin.run)
    made = {form: tuple(item_of(pool, *drawn[form][place]) for place in rng.permutation(len(drawn[form])))
            for form in named}
    return lesson_from(pool, about, candidates.kind, candidates.asks, made, seed=seed, shortfalls=shortfalls)


def _filled(
    candidates: Candidates, parts: Composition, forms: Sequence[Form], rng: np.random.Generator, large_first: bool
) -> tuple[Drawn, list[Shortfall]]:
    sources = candidates.sources
    if parts.one_source:
        sources = (sources[rng.integers(len(sources))],)
    first = int(rng.integers(len(sources)))  # the source that gives more, where halves are uneven
    drawn: Drawn = {form: [] for form in forms}
    shortfalls: list[Shortfall] = []
    taken: set[str] = set()
    for wanted, halves in zip(parts.wanted, parts.split(len(sources), first), strict=True):
        among = sources if len(halves) == len(sources) else ("",)
        strata = [Stratum(wanted.dx, wanted.verdict, source) for source in among]
        waiting = [candidates.shuffled(stratum, rng, taken, large_first) for stratum in strata]
        found = _even([len(ids) // len(forms) for ids in waiting], halves)
        for stratum, ids, want, have in zip(strata, waiting, halves, found, strict=True):
            for place, form in enumerate(forms):
                chosen = ids[place : have * len(forms) : len(forms)]
                drawn[form] += [(image_id, stratum.code) for image_id in chosen]
                taken |= {candidates.pool.records[image_id]["group"] for image_id in chosen}
                if have < want:
                    shortfalls.append(Shortfall(stratum.code, form, want, have))
    return drawn, shortfalls


def _even(there: Sequence[int], halves: Sequence[int]) -> list[int]:
    """How many of each half are taken: where one has too few, so many fewer of the other that the source stays no clue.
    """
    found = [min(have, want) for have, want in zip(there, halves, strict=True)]
    if all(have == want for have, want in zip(found, halves, strict=True)):
        return found
    if max(halves) - min(halves) <= 1:
        return [min(found)] * len(found)
    part = min(have / want for have, want in zip(found, halves, strict=True) if want)
    return [int(want * part + 1e-9) for want in halves]


def swap_item(lesson: Lesson, candidates: Candidates, form: Form, position: int, seed: int = 0) -> Lesson:
    """The lesson with another image of the same stratum at a position, from 0, of a form.

    Raises:
        LessonError: there is no such position or no other image, the item was chosen by hand or stands with the same
            lesion in another picture, or the lesson was drawn from other candidates.
    """
    old = _item_at(lesson, form, position)
    _check_same(lesson, candidates)
    stratum = stratum_of(old.stratum)
    if old.by_hand or stratum.verdict == "two-cameras":
        raise LessonError("Item {item} of form {form} was not drawn alone from a stratum.",
                          "Choose another image for it by hand, or draw another lesson.",
                          item=position + 1, form=form)
    free = candidates.shuffled(stratum, np.random.default_rng(seed), _groups(lesson, candidates.pool), False)
    if not free:
        raise LessonError("The collection has no other image of the stratum {stratum}.",
                          "Choose one by hand, or keep it.", stratum=old.stratum)
    return _with_item(lesson, form, position, item_of(candidates.pool, free[0], old.stratum))


def choose_item(lesson: Lesson, pool: Pool, form: Form, position: int, image_id: str) -> Lesson:
    """The lesson with an image that somebody chose at a position, from 0, of a form; here high losses may be, too.

    Raises:
        LessonError: there is no such position; the image is not in the pool, in doubt, or of a lesion of the lesson;
            or the lesson was drawn from another pool.
    """
    old = _item_at(lesson, form, position)
    _check_pool(lesson, pool)
    if reason := _against(pool, image_id):
        raise LessonError(_AGAINST[reason], "Choose another one.", image_id=image_id)
    others = _groups(lesson, pool) - {_group(pool, old)}
    if pool.records[image_id]["group"] in others:
        raise LessonError("The lesion of the image {image_id} is in the lesson already.", "Choose another one.",
                          image_id=image_id)
    return _with_item(lesson, form, position, item_of(pool, image_id, BY_HAND, by_hand=True))


Reason = Literal["not-held-out", "doubtful", "two-diagnoses", "seen"]
_AGAINST: dict[Reason, str] = {
    "not-held-out": marked(
        "The image {image_id} can be in no lesson: the run has not judged it, or it is not here."),
    "doubtful": marked("The image {image_id} can be in no lesson: its label was marked as doubtful."),
    "two-diagnoses": marked(
        "The image {image_id} can be in no lesson: a lesion that looks the same has another diagnosis."),
    "seen": marked("The image {image_id} can be in no lesson: training saw its lesion."),
}


def _against(pool: Pool, image_id: str) -> Reason | None:
    """What keeps an image out of lessons even when it is chosen by hand."""
    known = pool.records.get(image_id)
    if known is None:
        return "not-held-out"
    columns: dict[Reason, str] = {"doubtful": "doubtful", "two-diagnoses": "two_diagnoses", "seen": "seen"}
    return next((reason for reason, column in columns.items() if known[column]), None)


def lesson_of_set(one: TeachingSet, pool: Pool, asks: Asked = "diagnosis", about: About | None = None) -> Lesson:
    """A lesson of a teaching set's images in their order: about the model, since whoever chose them saw its answers.

    What cannot be in a lesson, or is beyond MOST_LESSON_ITEMS, is left out, and counted as a shortfall of the stratum
    `by-hand.<reason>`.

    Args:
        about: its words; those of the set where none are given.

    Raises:
        LessonError: no image is left, or it cannot be asked so.
    """
    reasons = {image_id: _against(pool, image_id) for image_id in one.images}
    fit = [image_id for image_id, reason in reasons.items() if reason is None]
    counts: dict[str, int] = {}
    for reason in filter(None, reasons.values()):
        counts[reason] = counts.get(reason, 0) + 1
    if len(fit) > MOST_LESSON_ITEMS:
        counts["too-many"] = len(fit) - MOST_LESSON_ITEMS
    shortfalls = [Shortfall(f"{BY_HAND}.{reason}", "A", n, 0) for reason, n in sorted(counts.items())]
    items = tuple(item_of(pool, image_id, BY_HAND, by_hand=True) for image_id in fit[:MOST_LESSON_ITEMS])
    return lesson_from(pool, about or About(one.name, one.note), "model", asks, {"A": items}, shortfalls=shortfalls)


def _item_at(lesson: Lesson, form: Form, position: int) -> Item:
    items = lesson.forms.get(form, ())
    if not 0 <= position < len(items):
        raise LessonError("The lesson has no item {item} of form {form}.", "Choose one that it has.",
                          item=position + 1, form=form)
    return items[position]


def _with_item(lesson: Lesson, form: Form, position: int, item: Item) -> Lesson:
    items = list(lesson.forms[form])
    items[position] = item
    return replace(lesson, forms={**lesson.forms, form: tuple(items)})


def _check_same(lesson: Lesson, candidates: Candidates) -> None:
    _check_pool(lesson, candidates.pool)
    if (lesson.kind, lesson.asks) != (candidates.kind, candidates.asks):
        raise LessonError("The lesson is of another kind, or asks for something else.", "Draw it anew.")


def _check_pool(lesson: Lesson, pool: Pool) -> None:
    if (lesson.run, lesson.decision, lesson.class_priors) != (
            pool.origin.run, pool.decision, dict(pool.origin.class_priors)):
        raise LessonError("The lesson was drawn from another run's predictions, or under another decision.",
                          "Choose that run, or draw the lesson anew.")


def _group(pool: Pool, item: Item) -> str:
    """The group of an item's lesion; of one that is no longer here the lesion itself."""
    known = pool.records.get(item.image_id)
    return known["group"] if known else item.lesion_id


def _groups(lesson: Lesson, pool: Pool) -> set[str]:
    return {_group(pool, item) for items in lesson.forms.values() for item in items}
