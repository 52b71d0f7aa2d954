"""What is taken out of a lesson, what may be shown to whom, and which look-alikes a class sees."""

import dataclasses

import pandas as pd
import pytest

from pipeline.classroom.lesson_changes import take_out
from pipeline.classroom.lesson_files import check_lesson
from pipeline.classroom.lesson_look_alikes import confused_with, look_alikes, still_to_come
from pipeline.classroom.permitted_use import free_part, non_commercial_alone
from pipeline.errors import LessonError
from pipeline.explain.neighbours import COLUMNS
from tests.class_rooms import class_of
from tests.small_lesson import item, small_lesson


def test_what_is_taken_out_of_one_form_has_its_counterpart_in_the_other():
    lesson = small_lesson()
    shorter = take_out(lesson, "B", 2)
    assert [len(items) for items in shorter.forms.values()] == [2, 2]
    assert {one.stratum for items in shorter.forms.values() for one in items} == {"mel.any.rosendahl"}
    assert check_lesson(shorter, "it") and len(lesson.items("A")) == 3


def test_without_a_counterpart_of_its_stratum_the_last_item_goes():
    forms = small_lesson().forms
    odd = dataclasses.replace(forms["A"][0], stratum="mel.wrong")
    shorter = take_out(small_lesson(forms={"A": (odd, *forms["A"][1:]), "B": forms["B"]}), "A", 0)
    assert shorter.items("A") == forms["A"][1:] and shorter.items("B") == forms["B"][:2]


@pytest.mark.parametrize(("form", "position"), [("A", 3), ("A", -1), ("B", 0)])
def test_what_is_not_there_cannot_be_taken_out(form, position):
    lesson = small_lesson(forms={"A": small_lesson().items("A")})
    with pytest.raises(LessonError, match="has no item"):
        take_out(lesson, form, position)
    with pytest.raises(LessonError, match="at least one item"):
        take_out(small_lesson(forms={"A": (item(1, "mel", "mel"),)}), "A", 0)


@pytest.mark.parametrize(("licence", "alone"), [
    ("CC BY-NC 4.0 Tschandl, Rosendahl & Kittler 2018", True), ("CC BY-NC-SA 4.0", True), ("", True),
    ("All rights reserved", True), ("CC0 1.0", False), ("CC BY 4.0 Pacheco et al. 2020", False),
    ("CC BY-SA 4.0", False), ("CC0 1.0; CC BY-NC 4.0", True),
])
def test_images_whose_licence_says_so_or_is_not_known_are_for_non_commercial_teaching(licence, alone):
    assert non_commercial_alone(small_lesson(licence=licence)) is alone
    assert not non_commercial_alone(small_lesson(licence=licence, generated=True)), "drawings are free"


def test_for_any_use_a_lesson_keeps_what_is_free():
    lesson = small_lesson()
    ids = {form: [one.image_id for one in items] for form, items in lesson.forms.items()}
    free = {image_id: "CC0 1.0" for image_id in (*ids["A"][:2], ids["B"][0])}
    part = free_part(lesson, free | {ids["A"][2]: "CC BY-NC 4.0"})
    assert {form: [one.image_id for one in items] for form, items in part.forms.items()} == {"A": ids["A"][:2]}
    assert list(free_part(lesson, free | {ids["B"][1]: "CC BY 4.0"}).forms) == ["A", "B"]
    assert free_part(lesson, {ids["B"][0]: "CC0 1.0"}) is None and free_part(lesson, {}) is None
    drawings = small_lesson(generated=True)
    assert free_part(drawings, {}) is drawings


def neighbours(of: str, *rows: tuple[str, str, float]) -> pd.DataFrame:
    """Look-alikes of one image: lesion, diagnosis, similarity."""
    return pd.DataFrame([(of, "same", 1, f"of-{lesion}", lesion, dx, alike) for lesion, dx, alike in rows],
                        columns=COLUMNS)


def test_look_alikes_are_of_the_reference_and_of_the_confused_diagnosis_and_of_no_later_item(workspace):
    lesson = small_lesson()
    room = class_of(workspace, lesson)
    wrong = lesson.items("A")[1]
    later = lesson.items("A")[2].lesion_id
    table = pd.concat([
        neighbours(wrong.image_id, ("m3", "mel", 0.7), ("m1", "mel", 0.9), ("m2", "mel", 0.8), (later, "nv", 0.99),
                   ("n1", "nv", 0.5), ("b1", "bkl", 0.95)),
        neighbours("another", ("x", "mel", 1.0)),
    ])
    assert confused_with(lesson, wrong) == "nv" and later in still_to_come(room, 1)
    found = look_alikes(table, wrong, "nv", still_to_come(room, 1))
    assert list(found["lesion_id"]) == ["m1", "m2", "n1"]
    assert look_alikes(table, lesson.items("A")[0], "nv", set()).empty


def test_what_a_class_may_still_be_asked(workspace):
    """Lesions 1 to 3 are form A, 4 to 6 form B."""
    def numbers(room, position: int) -> set[int]:
        return {int(lesion.removeprefix("HAM_")) for lesion in still_to_come(room, position)}

    one = class_of(workspace)
    assert [numbers(one, position) for position in range(3)] == [{2, 3, 4, 5, 6}, {3, 4, 5, 6}, {4, 5, 6}]
    both = class_of(workspace, both_forms=True)
    assert numbers(both, 2) == {1, 2, 3, 4, 5, 6}, "whoever began with the one form comes to the other"
    assert numbers(both, 4) == {3, 6} and numbers(both, 5) == set()


def test_an_item_that_the_model_has_right_is_confused_with_the_next_highest():
    right = item(1, "mel", "mel", probabilities={"akiec": 0.02, "bcc": 0.03, "bkl": 0.1, "df": 0.01, "mel": 0.5,
                                                 "nv": 0.3, "vasc": 0.04})
    assert confused_with(small_lesson(forms={"A": (right,)}), right) == "nv"
