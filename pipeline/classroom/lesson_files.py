"""Lessons on the disk, a JSON file each, which another LesionLab opens.

    teaching/lessons/lesson-<n>.json
"""

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from pipeline.classes import DIAGNOSES
from pipeline.classroom.lesson import Item, Lesson
from pipeline.errors import LessonError, WorkspaceError
from pipeline.files.disk import disk_errors, read_bytes, to_json, write_json
from pipeline.files.locks import file_lock
from pipeline.files.records import RecordError, record, whole_and_damaged
from pipeline.files.workspace import Workspace
from pipeline.limits import MOST_LESSON_BYTES
from pipeline.progress import silent
from pipeline.runs.teaching import teaching_folder

_REPAIR = "Delete it, or restore it from a copy."
_ANOTHER = "Ask for the file again, or draw a lesson here."
_ROUNDING = 1e-3  # by which probabilities may miss a sum of 1


def lessons_folder(workspace: Workspace) -> Path:
    return teaching_folder(workspace) / "lessons"


def lesson_path(workspace: Workspace, lesson_id: str) -> Path:
    return lessons_folder(workspace) / f"{lesson_id}.json"


def _bin(workspace: Workspace) -> Path:
    return workspace.bin / "teaching" / "lessons"


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    with file_lock(workspace.locks / "lessons.lock", silent, "Another window changes the lessons."):
        yield


def check_lesson(lesson: Lesson, name: str, repair: str = _REPAIR) -> Lesson:
    """`lesson` after a look at what its types do not say; `name` is the file that it came from.

    Raises:
        RecordError: a form is missing, empty or longer than the other; an image or, in both forms, a lesion stands
            twice; or an item's diagnoses or probabilities cannot be.
    """
    problem = _problem(lesson)
    if problem:
        raise RecordError(f"{name} is damaged: {problem}.", repair)
    return lesson


def _problem(lesson: Lesson) -> str | None:
    if "A" not in lesson.forms:
        return "it has no form A"
    codes = set(lesson.forms["A"][0].probabilities)
    if unknown := sorted(code for code in codes if code not in DIAGNOSES):
        return f"{len(unknown)} of its diagnoses {'is' if len(unknown) == 1 else 'are'} not known to LesionLab"
    if lesson.asks == "malignancy" and any(DIAGNOSES[code].group == "unknown" for code in codes):
        return "it asks for malignancy, which one of its diagnoses leaves open"
    if set(lesson.class_priors) != codes:
        return "its class priors are not those of its diagnoses"
    for form, items in lesson.forms.items():
        for position, item in enumerate(items, 1):
            if problem := _item_problem(item, codes):
                return f"item {position} of form {form} {problem}"
        if len({item.image_id for item in items}) < len(items):
            return f"an image stands twice in form {form}"
    if "B" in lesson.forms:
        a, b = (lesson.forms[form] for form in ("A", "B"))
        if len(a) != len(b):
            return "its forms are not of one length"
        if {item.lesion_id for item in a} & {item.lesion_id for item in b}:
            return "a lesion stands in both forms"
    return None


def _item_problem(item: Item, codes: set[str]) -> str | None:
    if set(item.probabilities) != codes:
        return "has probabilities of other diagnoses than the first"
    if item.dx not in codes:
        return "has a reference diagnosis that the model does not know"
    if not math.isclose(sum(item.probabilities.values()), 1, abs_tol=_ROUNDING):
        return "has probabilities that do not sum to 1"
    return None


def lesson_bytes(lesson: Lesson) -> bytes:
    """The file of a lesson, as it is taken along: JSON in UTF-8, the same here and elsewhere."""
    return to_json(_stored(lesson), indent=1).encode()


def _stored(lesson: Lesson) -> dict[str, object]:
    return {key: value for key, value in asdict(lesson).items() if key != "id"}


def parse_lesson(content: bytes, name: str, lesson_id: str = "", repair: str = _ANOTHER) -> Lesson:
    """The lesson in the bytes of a file that comes from anywhere.

    Args:
        name: of the file, for the sentence that says what is wrong.

    Raises:
        WorkspaceError: it is too large, no JSON, or no lesson; nothing of it is quoted.
    """
    if len(content) > MOST_LESSON_BYTES:
        raise RecordError(f"{name} has more than {MOST_LESSON_BYTES // 2**20} MiB, and no lesson does.", repair)
    return check_lesson(record(content, Lesson, name, repair, id=lesson_id), name, repair)


def read_lesson(path: Path) -> Lesson:
    """The lesson in a file, whose name is its id.

    Raises:
        WorkspaceError: it is gone, cannot be read, or is no lesson.
    """
    return parse_lesson(read_bytes(path, MOST_LESSON_BYTES, _REPAIR), str(path), path.stem, _REPAIR)


def list_lessons(workspace: Workspace) -> list[Lesson]:
    """The lessons, newest first; a damaged file is left out (`damaged_lessons` has it)."""
    found, _ = whole_and_damaged(lessons_folder(workspace).glob("lesson-*.json"), read_lesson)
    return sorted(found, key=lambda one: (one.created, one.id), reverse=True)


def damaged_lessons(workspace: Workspace) -> list[WorkspaceError]:
    """What is wrong with each lesson that cannot be read."""
    return whole_and_damaged(sorted(lessons_folder(workspace).glob("lesson-*.json")), read_lesson)[1]


def find_lesson(workspace: Workspace, lesson_id: str) -> Lesson:
    """The lesson of that id.

    Raises:
        LessonError: there is none.
        WorkspaceError: its file is damaged.
    """
    path = lesson_path(workspace, lesson_id)
    if not _is_id(lesson_id) or not os.path.lexists(path):
        raise LessonError("There is no lesson {lesson_id}.", "It may have been deleted.", lesson_id=lesson_id)
    return read_lesson(path)


def _is_id(lesson_id: str) -> bool:
    return re.fullmatch(r"lesson-\d{1,9}", lesson_id) is not None


def save_lesson(workspace: Workspace, lesson: Lesson) -> Lesson:
    """Stores the lesson: under its id in the place of what was there, without one under a new id, which it then has.

    Raises:
        WorkspaceError: the workspace cannot be written, or it is no lesson that could be read again.
    """
    content = lesson_bytes(lesson)
    with _alone(workspace):
        stored = parse_lesson(content, "The lesson", lesson.id or _free_id(workspace))
        write_json(lesson_path(workspace, stored.id), _stored(stored))
    return stored


def _free_id(workspace: Workspace) -> str:
    """An id is not given twice: the links of a deleted lesson must not open another."""
    numbers = [int(number[1]) for place in (lessons_folder(workspace), _bin(workspace))
               for path in place.glob("lesson-*.json") if (number := re.fullmatch(r"lesson-(\d{1,9})", path.stem))]
    return f"lesson-{max(numbers, default=0) + 1}"


def import_lesson(workspace: Workspace, content: bytes, name: str = "The file") -> Lesson:
    """Stores a lesson that somebody sent, under an id of its own here.

    Raises:
        WorkspaceError: it is no lesson, or the workspace cannot be written.
    """
    return save_lesson(workspace, replace(parse_lesson(content, name), id=""))


def delete_lesson(workspace: Workspace, lesson_id: str) -> None:
    """Puts the lesson away; `restore_lesson` takes it back.

    Raises:
        LessonError: there is none.
    """
    with _alone(workspace):
        if not _is_id(lesson_id) or not os.path.lexists(lesson_path(workspace, lesson_id)):
            raise LessonError("There is no lesson {lesson_id}.", "It may have been deleted.", lesson_id=lesson_id)
        _move(lesson_path(workspace, lesson_id), _bin(workspace) / f"{lesson_id}.json")


def deleted_lessons(workspace: Workspace) -> list[str]:
    """The ids of the lessons that were put away."""
    return sorted(path.stem for path in _bin(workspace).glob("lesson-*.json"))


def restore_lesson(workspace: Workspace, lesson_id: str) -> Lesson:
    """Takes a deleted lesson back.

    Raises:
        LessonError: there is none.
        WorkspaceError: its file is damaged.
    """
    away = _bin(workspace) / f"{lesson_id}.json"
    with _alone(workspace):
        if not _is_id(lesson_id) or not away.exists():
            raise LessonError("There is no deleted lesson {lesson_id}.", lesson_id=lesson_id)
        _move(away, lesson_path(workspace, lesson_id))
    return find_lesson(workspace, lesson_id)


def _move(source: Path, target: Path) -> None:
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
