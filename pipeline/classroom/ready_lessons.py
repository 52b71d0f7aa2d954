"""Three ready lessons of 12 items, 45 minutes each, drawn from the predictions that are here."""

from typing import NamedTuple, get_args

import numpy as np

from pipeline.classroom.camera_lesson import draw_two_cameras
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.lesson_candidates import Candidates
from pipeline.classroom.lesson_drawing import draw
from pipeline.classroom.lesson_pool import Pool
from pipeline.classroom.lesson_strata import Composition, Wanted
from pipeline.classroom.lesson_words import READY
from pipeline.errors import LessonError
from pipeline.vocabulary import Asked, LessonKind, ReadyLesson

READY_LESSONS: tuple[ReadyLesson, ...] = get_args(ReadyLesson)


class _Ready(NamedTuple):
    kind: LessonKind
    asks: Asked
    wanted: tuple[Wanted, ...]


# of the first ten the model is sure, and wrong with four; with a class that knew that, its probability would be no help
_SURE_AND_WRONG = _Ready("model", "diagnosis", (
    Wanted("mel", "sure-wrong", 2), Wanted("bkl", "sure-wrong", 2), Wanted("mel", "sure-right", 2),
    Wanted("bkl", "sure-right", 2), Wanted("bcc", "sure-right", 2), Wanted("nv", "right", 2),
))
_NEVUS_OR_MELANOMA = _Ready("test", "malignancy", (Wanted("mel", "any", 6), Wanted("nv", "any", 6)))


def draw_ready(name: ReadyLesson, pool: Pool, seed: int = 0) -> Lesson:
    """A ready lesson, those images first in whose pictures here dots and network can be judged.

    Args:
        pool: under the decision *balanced*.

    Raises:
        LessonError: the pool is under another decision, or has nothing for it.
    """
    if pool.decision != "balanced":
        raise LessonError("A ready lesson shows the model's answers under the decision balanced.",
                          "Draw it from a pool under that decision.")
    rng = np.random.default_rng(seed)
    if name == "two-cameras":
        return draw_two_cameras(pool, READY[name], rng, seed)
    ready = _SURE_AND_WRONG if name == "sure-and-wrong" else _NEVUS_OR_MELANOMA
    candidates = Candidates(pool, ready.kind, ready.asks)
    return draw(candidates, READY[name], Composition(ready.wanted), rng, seed, large_first=True)
