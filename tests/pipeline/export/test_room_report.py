"""The record of a class's report: what is in it for which lesson, and that its numbers are the figures'."""

import math

import pytest

from pipeline.classroom.answers import answers
from pipeline.classroom.class_figures import class_figures
from pipeline.classroom.comparisons import comparisons
from pipeline.classroom.switches import switches
from pipeline.export.room_report import Turnout, room_report
from tests.class_reports import WRONG, answered, long_lesson, some_follow
from tests.class_rooms import class_of
from tests.small_lesson import small_lesson


def asked(room, seats=30, **more):
    return answered(room, seats, some_follow(room), **more)


def test_a_test_has_all_figures(workspace):
    room = asked(class_of(workspace, long_lesson(asks="malignancy"), arm="model-after"))
    found, table = room_report(room), answers(room)
    assert found.turnout == Turnout(30, 12, 360, 0, 0, 0) and found.counts
    assert found.scores.at == {stage: class_figures(table, stage, 7) for stage in ("alone", "with-model")}
    assert found.scores.compared == comparisons(table, "test", 7)
    assert found.switches == switches(table, 7)
    assert found.scores.progress is None and not found.scores.by_hands
    assert (found.wrong_here, found.malignant_here) == (len(WRONG) / 12, 0.5)
    assert found.malignant_trained == pytest.approx(0.11 + 0.05 + 0.03)
    assert {one.item.image_id for one in found.followed} <= {f"ISIC_{place:07d}" for place in WRONG}
    assert [one.count for one in found.followed] == sorted((one.count for one in found.followed), reverse=True)
    assert len(found.hardest) == 5 and all(0 < one.count < one.n == 30 for one in found.hardest)


def test_a_lesson_about_the_model_has_switches_alone(workspace):
    found = room_report(asked(class_of(workspace, long_lesson(kind="model"), arm="model-after")))
    assert found.scores is None and found.switches.n == 360 and found.followed


@pytest.mark.parametrize(("lesson", "plan"), [({"generated": True}, {}), ({}, {"rehearsal": True})])
def test_a_rehearsal_is_never_scored(workspace, lesson, plan):
    found = room_report(asked(class_of(workspace, long_lesson(**lesson), arm="model-after", **plan), 8))
    assert not found.counts and found.turnout.given == 96
    assert (found.scores, found.switches, found.followed, found.hardest) == (None, None, (), ())


@pytest.mark.parametrize("seats", [0, 1])
def test_nobody_and_one_seat(workspace, seats):
    found = room_report(asked(class_of(workspace, long_lesson(asks="malignancy"), arm="model-after"), seats))
    assert found.turnout.seats == seats and found.turnout.given == 12 * seats
    assert math.isnan(found.scores.at["alone"].dichotomy.sensitivity.value) and not found.followed
    assert math.isnan(found.scores.at["alone"].right.value) == (seats == 0)
    assert not found.hardest, "of fewer than eight seats a count would tell who answered what"


def test_a_damaged_seat_is_named_and_left_out(workspace):
    room = asked(class_of(workspace, long_lesson()), 2)
    broken = room.seats()[0][0].path
    with broken.open("a", encoding="utf-8") as file:
        file.write('{"at": 1, "position": 99, "stage": "alone", "answer": "mel", "sure": "sure"}\n')
    found = room_report(room)
    assert found.turnout.seats == 1 and found.turnout.given == 12
    assert [str(broken) in str(error) for error in found.damaged] == [True]


def test_what_is_asked_beside_is_counted(workspace):
    room = asked(class_of(workspace, long_lesson(), ask_biopsy=True, tick_criteria=True), 2, biopsy="watch",
                 ticks=("dots", "vessels"))
    idle = room.join()
    room.open(0)
    idle.answer(0, "alone", None, None, unrecognisable=True)
    found = room_report(room)
    assert found.ticks == {"dots": 24, "vessels": 24} and found.managed == {"biopsy": 0, "watch": 24, "leave": 0}
    assert found.turnout == Turnout(3, 12, 24, 1, 1, 10), "the last item was still open"


def test_before_and_after(workspace):
    lesson = long_lesson()
    other = tuple(type(one)(**{**vars(one), "image_id": f"B{one.image_id}", "lesion_id": f"B{one.lesion_id}"})
                  for one in lesson.items("A"))
    room = asked(class_of(workspace, long_lesson(forms={"A": lesson.items("A"), "B": other}), both_forms=True), 2)
    found = room_report(room)
    assert found.scores.progress.before.n == found.scores.progress.after.n == 24 and found.turnout.items == 24


def test_hands_have_shares_without_intervals(workspace):
    room = class_of(workspace, small_lesson(kind="test", asks="malignancy"), mode="hands")
    for position, counts in enumerate(({"malignant": 9, "benign": 3}, {"malignant": 4, "benign": 7},
                                       {"malignant": 0, "benign": 12})):
        room.open(position)
        room.tally(position, "alone", counts)
    found = room_report(room)
    assert found.turnout == Turnout(12, 3, 35, 0, 0, 0) and found.switches is None
    right = found.scores.by_hands["alone"]
    assert (right.value, right.n) == (25 / 35, 35) and math.isnan(right.low)
    assert [(one.item.image_id, one.count, one.n) for one in found.hardest] == [
        ("ISIC_0000002", 4, 11), ("ISIC_0000001", 9, 12)]
