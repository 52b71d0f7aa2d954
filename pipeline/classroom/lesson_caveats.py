"""What a teacher must know of a lesson before a class sees it: what could not be balanced, what was so by choice."""

from collections.abc import Sequence

from pipeline.classroom.lesson import Item, Lesson, asked_answer, called
from pipeline.classroom.lesson_strata import MOLEMAX, SOURCES
from pipeline.vocabulary import Caveat, Form


def wrong_share(lesson: Lesson, form: Form = "A") -> float:
    """The share of a form's items, 0..1, that the model has wrong: in a lesson about the model so by choice, beside
    `error_share` of the collection.
    """
    return wrong_among(lesson, lesson.items(form))


def wrong_among(lesson: Lesson, items: Sequence[Item]) -> float:
    """The share of these items of the lesson, at least one, that the model has wrong, 0..1."""
    wrong = [asked_answer(lesson, called(lesson, item)) != asked_answer(lesson, item.dx) for item in items]
    return sum(wrong) / len(wrong)


def lesson_caveats(lesson: Lesson) -> tuple[Caveat, ...]:
    """What holds for the lesson, the weightiest first; in words in `lesson_words.CAVEATS`."""
    items = [item for form in lesson.forms.values() for item in form]
    sources = {item.source for item in items}
    holds: dict[Caveat, bool] = {
        "drawings": lesson.generated,
        "source-not-recorded": not lesson.generated and sources == {""},
        "source-not-balanced": sources != {""} and not sources <= {*SOURCES, MOLEMAX},
        "akiec-one-source": any(item.dx == "akiec" and item.source for item in items),
        "suspicious-nevi": any(item.dx == "nv" and item.dx_type == "histo" for item in items),
        "molemax": MOLEMAX in sources,
        "small-pictures": any(item.small for item in items),
    }
    return tuple(caveat for caveat, true in holds.items() if true)
