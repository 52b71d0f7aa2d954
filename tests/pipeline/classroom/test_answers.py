"""The table of a class's answers: who answered what, who did not, and who was not there."""

import io

import pandas as pd

from pipeline.classroom.answers import COLUMNS, answers, answers_csv, distribution, tallies
from pipeline.classroom.hardest import hardest_by_hands
from tests.class_rooms import class_of
from tests.small_lesson import CODES, small_lesson


def test_a_class_with_a_late_seat_and_one_that_does_not_answer(workspace, clock):
    room = class_of(workspace, arm="model-after", seconds=60, tick_criteria=True)
    prompt, idle = room.join(), room.join()
    room.next()
    clock(4)
    prompt.answer(0, "alone", "nv", "guessing", ticks=("dots", "network"))
    clock(2.5)
    prompt.answer(0, "with-model", "mel", "fairly sure")
    clock(60)
    late = room.join()
    room.next()
    clock(1)
    late.answer(1, "alone", None, None, unrecognisable=True)
    table = answers(room)
    assert tuple(table.columns) == COLUMNS and len(table) == 3 * 2 * 2, "the third item was not opened"
    rows = {(row.seat, row.position, row.stage): row for row in table.itertuples()}
    first = rows[str(prompt.nickname), 0, "alone"]
    assert (first.dx, first.asked, first.model, first.answer, first.sure, first.ticks, first.missing, first.seconds) \
        == ("mel", "mel", "mel", "nv", "guessing", ("dots", "network"), "", 4.0)
    assert rows[str(prompt.nickname), 0, "with-model"].seconds == 2.5
    missing = {key[1:]: row.missing for key, row in rows.items() if key[0] == str(late.nickname)}
    assert missing == {(0, "alone"): "not seen", (0, "with-model"): "not seen", (1, "alone"): "",
                       (1, "with-model"): "not answered"}
    unseen = rows[str(late.nickname), 1, "alone"]
    assert unseen.answer is None and unseen.unrecognisable and unseen.sure is None
    assert all(row.missing == "not answered" for key, row in rows.items() if key[0] == str(idle.nickname))


def test_at_the_own_pace_the_first_answers_count(workspace, clock):
    room = class_of(workspace, small_lesson(asks="malignancy"), mode="self-paced")
    seat, other = room.join(), room.join()
    clock(7)
    seat.answer(0, "alone", "benign", "sure")
    table = answers(room)
    of_seat = table[table["seat"] == str(seat.nickname)]
    assert list(of_seat["missing"]) == ["", "not answered", "not seen"] and of_seat["seconds"].iloc[0] == 7
    assert list(of_seat["asked"]) == ["malignant", "malignant", "benign"]
    assert list(of_seat["model"]) == ["malignant", "benign", "benign"]
    assert set(table["form"]) == {"A", "B"} and len(table) == 6 and other.form != seat.form


def test_both_forms_are_two_blocks(workspace, clock):
    room = class_of(workspace, both_forms=True)
    seats = [room.join(), room.join()]
    for position in range(6):
        room.next()
        for seat in seats:
            seat.answer(position, "alone", "mel", "sure")
    table = answers(room)
    assert set(table["missing"]) == {""} and list(table["block"]) == [0, 0, 0, 1, 1, 1] * 2
    forms = {row.seat: row.form for row in table[table["block"] == 0].itertuples()}
    assert forms == {str(seat.nickname): seat.form for seat in seats} and set(forms.values()) == {"A", "B"}
    assert table.groupby("image_id")["seat"].nunique().eq(2).all()


def test_the_csv_has_no_seconds_unless_asked_for(workspace, clock):
    room = class_of(workspace, tick_criteria=True)
    seat = room.join()
    room.next()
    seat.answer(0, "alone", "mel", "sure", ticks=("dots", "lines"))
    found = pd.read_csv(io.BytesIO(answers_csv(room)), keep_default_na=False)
    assert list(found.columns) == [name for name in COLUMNS if name != "seconds"]
    assert found.loc[0, ["seat", "answer", "missing", "ticks", "biopsy"]].tolist() == [
        str(seat.nickname), "mel", "", "dots lines", ""]
    assert "seconds" in pd.read_csv(io.BytesIO(answers_csv(room, seconds=True)))
    assert answers_csv(class_of(workspace)).decode().strip() == ",".join(found.columns)


def test_a_distribution_is_shown_from_eight_seats_on(workspace, clock):
    room = class_of(workspace)
    seats = [room.join() for _ in range(8)]
    room.next()
    image = room.items()[0].image_id
    for seat in seats[:7]:
        seat.answer(0, "alone", "mel", "sure")
    assert distribution(answers(room), image, "alone", room.choices()) is None
    seats[7].answer(0, "alone", "nv", "sure")
    assert distribution(answers(room), image, "alone", room.choices()) == {**dict.fromkeys(CODES, 0), "mel": 7, "nv": 1}


def test_hands_are_in_a_table_of_their_own(workspace, clock):
    room = class_of(workspace, mode="hands")
    room.next()
    room.tally(0, "alone", {"mel": 3})
    room.tally(0, "alone", {"mel": 4, "nv": 9})
    found = tallies(room)
    assert dict(zip(found["answer"], found["count"], strict=True)) == {**dict.fromkeys(CODES, 0), "mel": 4, "nv": 9}
    assert set(found["asked"]) == {"mel"} and answers(room).empty
    assert [(one.image_id, one.count, one.n) for one in hardest_by_hands(found, "alone")] == [
        (room.items()[0].image_id, 4, 13)]
    assert tallies(class_of(workspace, mode="hands")).empty
