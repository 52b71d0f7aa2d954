"""A lesson with fewer items: what an educator takes out of it before a class sees it."""

from dataclasses import replace

from pipeline.classroom.lesson import Item, Lesson
from pipeline.errors import LessonError
from pipeline.vocabulary import Form


def take_out(lesson: Lesson, form: Form, position: int) -> Lesson:
    """The lesson without the item at `position`, from 0, of a form; of the other form goes the last item of the same
    stratum, or where that has none the last of all, so that both stay of one length.

    Raises:
        LessonError: there is no such item, or it is the only one.
    """
    items = lesson.forms.get(form, ())
    if not 0 <= position < len(items):
        raise LessonError("The lesson has no item {item} of form {form}.", "Choose one that it has.",
                          item=position + 1, form=form)
    if len(items) == 1:
        raise LessonError("A lesson has at least one item.", "Choose another one for it, or delete the lesson.")
    forms = {
        other: _without(of, position if other == form else _counterpart(of, items[position].stratum))
        for other, of in lesson.forms.items()
    }
    return replace(lesson, forms=forms)


def _counterpart(items: tuple[Item, ...], stratum: str) -> int:
    """The position of the last item of that stratum, else of the last item."""
    return max((place for place, item in enumerate(items) if item.stratum == stratum), default=len(items) - 1)


def _without(items: tuple[Item, ...], position: int) -> tuple[Item, ...]:
    return (*items[:position], *items[position + 1 :])
