"""Sixty seats of three servers on one folder answer at once, and no answer is lost."""

from pipeline.classroom.answers import answers
from tests.benchmarks.class_answers import hold_class


def test_no_answer_is_lost(workspace):
    room, told = hold_class(workspace, servers=3, seats=20, items=12)
    assert len(told.answers) == 60, "every seat has a nickname of its own"
    table = answers(room)
    found: dict[str, dict[int, str]] = {}
    for row in table.itertuples():
        found.setdefault(row.seat, {})[row.position] = row.answer
    assert found == told.answers and set(table["missing"]) == {""} and len(table) == 720
    assert room.state().answered == 60 and room.seats()[1] == []
