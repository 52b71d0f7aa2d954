"""What the model says in a lesson, and lessons on the disk."""

import dataclasses
import json

import numpy as np
import pytest

from pipeline.classroom.lesson import Shortfall, answer_of, asked_answer, called
from pipeline.classroom.lesson_files import (
    damaged_lessons,
    delete_lesson,
    find_lesson,
    import_lesson,
    lesson_bytes,
    lesson_path,
    list_lessons,
    restore_lesson,
    save_lesson,
)
from pipeline.classroom.lesson_pictures import find_picture, find_pictures
from pipeline.errors import LessonError, WorkspaceError
from pipeline.limits import MOST_LESSON_BYTES, MOST_LESSON_ITEMS
from tests.hand_made import make_dataset
from tests.small_lesson import CODES, PRIORS, item, small_lesson


def test_the_model_answers_under_the_lessons_decision():
    one = item(1, "mel", "nv", share=0.6)
    stored = np.array([one.probabilities[code] for code in CODES])
    assert answer_of(small_lesson(), one) == dict(zip(CODES, stored, strict=True))
    balanced = small_lesson(decision="balanced")
    weighed = stored / np.array([PRIORS[code] for code in CODES])
    assert list(answer_of(balanced, one).values()) == pytest.approx(weighed / weighed.sum())
    # 0.6 / 0.67 of the frequent nevus is less than 0.067 / 0.01 of the rare dermatofibroma
    assert called(small_lesson(), one) == "nv" and called(balanced, one) == "df"


def test_a_lesson_asks_for_the_diagnosis_or_the_dichotomy():
    assert asked_answer(small_lesson(), "akiec") == "akiec"
    halves = {code: asked_answer(small_lesson(asks="malignancy"), code) for code in CODES}
    assert {code for code, half in halves.items() if half == "malignant"} == {"mel", "bcc", "akiec"}
    assert set(halves.values()) == {"malignant", "benign"}


def test_a_lesson_lives_on_the_disk(workspace):
    short = Shortfall("mel.wrong.rosendahl", "A", 2, 1)
    one = save_lesson(workspace, small_lesson(shortfalls=(short,), error_share=None))
    assert one.id == "lesson-1" and find_lesson(workspace, "lesson-1") == one
    assert dataclasses.replace(one, id="") == small_lesson(shortfalls=(short,), error_share=None)
    renamed = save_lesson(workspace, dataclasses.replace(one, title="<b>Another</b>"))
    assert renamed.id == "lesson-1" and find_lesson(workspace, "lesson-1").title == "<b>Another</b>"
    delete_lesson(workspace, "lesson-1")
    assert list_lessons(workspace) == []
    assert save_lesson(workspace, small_lesson(created=1_800_000_000.0)).id == "lesson-2"
    assert restore_lesson(workspace, "lesson-1") == renamed
    assert [lesson.id for lesson in list_lessons(workspace)] == ["lesson-2", "lesson-1"]
    for unknown in ("lesson-9", "../lesson-1", "set-1"):
        with pytest.raises(LessonError):
            find_lesson(workspace, unknown)
        with pytest.raises(LessonError):
            delete_lesson(workspace, unknown)


def test_a_lesson_is_a_file_that_another_lesionlab_opens(workspace):
    sent = lesson_bytes(save_lesson(workspace, small_lesson()))
    come = import_lesson(workspace, sent)
    assert come == dataclasses.replace(small_lesson(), id="lesson-2") and lesson_bytes(come) == sent


def _changed(**fields) -> bytes:
    return json.dumps({**json.loads(lesson_bytes(small_lesson())), **fields}).encode()


def test_nothing_of_a_hostile_file_is_stored_or_quoted(workspace):
    """`tests/hostile/lessons.py` has many more."""
    for content in (b"{", _changed(title="a" * 10**6), _changed(kind="exam"), _changed(forms={"A": []})):
        with pytest.raises(WorkspaceError) as refused:
            import_lesson(workspace, content, "class.json")
        assert str(refused.value).startswith("class.json") and "exam" not in str(refused.value)
    assert list_lessons(workspace) == []


def test_all_that_may_be_large_fits_into_the_limit():
    wide = {code: 1 / 7 for code in CODES}
    many = {form: tuple(item(n, "mel", "mel", probabilities=wide, localization="b" * 500, stratum="s" * 500)
                        for n in range(start, start + MOST_LESSON_ITEMS)) for form, start in (("A", 0), ("B", 1000))}
    assert len(lesson_bytes(small_lesson(forms=many))) < MOST_LESSON_BYTES


def test_a_damaged_lesson_is_named_and_the_others_are_there(workspace):
    one = save_lesson(workspace, small_lesson())
    lesson_path(workspace, "lesson-7").write_bytes(_changed(seed="x"))
    assert list_lessons(workspace) == [one]
    (error,) = damaged_lessons(workspace)
    assert "lesson-7.json" in str(error)


def test_pictures_are_found_in_any_data_set_the_largest_first(workspace, tmp_path):
    drawn = make_dataset(workspace, tmp_path)
    row = drawn.metadata().iloc[0]
    mine = item(1, row["dx"], row["dx"], image_id=row["image_id"])
    gone = item(2, "mel", "mel", image_id="GONE")
    other = "nv" if row["dx"] != "nv" else "mel"
    lesson = small_lesson(generated=True, forms={"A": (mine, gone)})
    assert list(find_pictures(workspace, lesson)) == [row["image_id"]]
    found = find_picture(workspace, lesson, mine)
    assert found.path.is_file() and (found.width, found.height) == (row["width"], row["height"])
    assert find_picture(workspace, lesson, dataclasses.replace(mine, dx=other)) is None
    assert find_picture(workspace, small_lesson(), mine) is None  # no drawing stands for an image
