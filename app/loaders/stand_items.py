"""The four pictures of a stand's game, of a lesson or of Home's wall: what each is, and what the network said."""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import NamedTuple

from app.loaders import resources
from app.loaders.class_pictures import content_of, is_larger, licences_here, picture_of
from app.loaders.first_lesions import Answer, FirstLesion, FirstLesions, drawn_lesions, first_lesions
from app.loaders.image_pixels import thumbnail
from pipeline.classes import DIAGNOSES
from pipeline.classroom.lesson import Item, Lesson, asked_answer, called, highest_of, malignancy
from pipeline.classroom.lesson_files import find_lesson
from pipeline.classroom.permitted_use import free_part, is_free
from pipeline.errors import ImageError, LessonError
from pipeline.images.reading import image_size
from pipeline.vocabulary import Asked

ITEMS = 4


class StandItem(NamedTuple):
    """A picture of the game.

    Attributes:
        content: its small copy, a JPEG or PNG file's bytes.
        large: makes the larger copy, None where its file is gone by then; None where there is none.
        dx: the reference diagnosis; dx_type: how it was made, "" where that is not recorded.
        right: the right answer to what is asked.
        model: what the network answers; it may take a second.
    """

    image_id: str
    content: bytes
    large: Callable[[], bytes | None] | None
    dx: str
    dx_type: str
    right: str
    model: Callable[[], str]


class StandRound(NamedTuple):
    """The pictures of a game, what is asked of them, what can be answered, and whether they are drawings."""

    items: tuple[StandItem, ...]
    asks: Asked
    choices: tuple[str, ...]
    generated: bool
    licence: str


def stand_round(lesson_id: str | None, number: int, free_alone: bool = False) -> StandRound:
    """The pictures of the game of that number.

    Args:
        lesson_id: of the lesson that the stand was set up with; None: of Home's wall, malignant or benign.
        free_alone: whether pictures whose licence forbids commercial use are left out; where none other is there, the
            drawings that ship stand in for them.

    Raises:
        LessonError: there is no such lesson, or none of its pictures is here.
        WorkspaceError: a file is damaged.
    """
    if lesson_id is None:
        wall = first_lesions(number)
        return _of_the_wall(drawn_lesions() if free_alone and not may_be_anywhere(wall) else wall, number)
    lesson = find_lesson(resources.workspace(), lesson_id)
    if free_alone:
        free = free_part(lesson, licences_here(lesson))
        if free is None:
            return _of_the_wall(drawn_lesions(), number)
        lesson = free
    items = lesson.items("A")
    start = number * ITEMS % len(items)
    turned = (*items[start:], *items[:start])
    found = tuple(islice(filter(None, (_of_lesson(lesson, item) for item in turned)), ITEMS))
    if not found:
        raise LessonError("No picture of the lesson {lesson_id} is here.", "Get its images on the page Data sets.",
                          lesson_id=lesson_id)
    choices = ("malignant", "benign") if lesson.asks == "malignancy" else lesson.codes()
    return StandRound(found, lesson.asks, choices, lesson.generated, lesson.licence)


def _of_lesson(lesson: Lesson, item: Item) -> StandItem | None:
    picture = picture_of(lesson, item)
    content = content_of(picture)
    if picture is None or content is None:
        return None
    return StandItem(item.image_id, content, partial(content_of, picture, large=True) if is_larger(picture) else None,
                     item.dx, item.dx_type, asked_answer(lesson, item.dx),
                     lambda: asked_answer(lesson, called(lesson, item)))


def may_be_anywhere(shown: FirstLesions | StandRound) -> bool:
    """Whether its pictures may be shown outside of non-commercial teaching too."""
    return shown.generated or is_free(shown.licence)


def _of_the_wall(wall: FirstLesions, number: int) -> StandRound:
    shown = [lesson for lesson in wall.lesions.values() if _has_a_side(lesson.truth)]
    start = number * ITEMS % max(len(shown), 1) if wall.generated else 0
    found = islice(filter(None, map(_of_wall, (*shown[start:], *shown[:start]))), ITEMS)
    return StandRound(tuple(found), "malignancy", ("malignant", "benign"), wall.generated, wall.licence)


def _has_a_side(code: str) -> bool:
    return code in DIAGNOSES and DIAGNOSES[code].group != "unknown"


def _of_wall(lesson: FirstLesion) -> StandItem | None:
    try:
        content = thumbnail(lesson.path, *image_size(lesson.path, lesson.path.name))
    except ImageError:
        return None
    return StandItem(lesson.image_id, content, None, lesson.truth, lesson.origin or "", malignancy(lesson.truth),
                     partial(_side, lesson.answer))


def _side(answer: Callable[[], Answer]) -> str:
    return malignancy(highest_of(answer().probabilities))
