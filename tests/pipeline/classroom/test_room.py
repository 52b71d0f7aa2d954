"""A class from its first seat to its end, folded from files that any server reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.classroom import room as room_module
from pipeline.classroom.room import find_room, forget_room, open_room, rooms
from pipeline.classroom.room_plan import Plan
from pipeline.errors import RoomError
from pipeline.limits import MOST_ROOMS
from tests.class_rooms import class_of, refusal
from tests.small_lesson import item, small_lesson

PROJECT = Path(__file__).resolve().parents[3]


def phase(room) -> str:
    return room.state().phase


def test_a_class_goes_through_its_items(workspace, clock):
    room = class_of(workspace)
    seats = [room.join() for _ in range(3)]
    assert phase(room) == "waiting" and seats[0].position() is None
    assert refusal(lambda: seats[0].answer(0, "alone", "mel", "sure")) == "not open"
    room.next()
    clock(3)
    seats[0].answer(0, "alone", "mel", "sure")
    seats[1].answer(0, "alone", "nv", "guessing")
    state = room.state()
    assert (state.phase, state.item, state.seats, state.answered) == ("answering", 0, 3, 2)
    assert refusal(lambda: seats[0].answer(0, "alone", "nv", "sure")) == "locked"
    room.close()
    assert phase(room) == "closed" and refusal(lambda: seats[2].answer(0, "alone", "nv", "sure")) == "closed"
    room.reveal()
    room.reveal()  # a presenter's second press
    assert phase(room) == "revealed" and refusal(lambda: room.open(0)) == "closed"
    room.next()
    assert (room.state().item, phase(room), seats[2].position()) == (1, "answering", 1)
    assert refusal(lambda: seats[2].answer(0, "alone", "nv", "sure")) == "closed"
    assert refusal(lambda: seats[2].answer(2, "alone", "nv", "sure")) == "not open"
    room.next()
    assert refusal(room.next) == "unfitting"
    room.end()
    assert phase(room) == "ended" and refusal(lambda: seats[2].answer(2, "alone", "nv", "sure")) == "ended"
    assert refusal(room.join) == refusal(lambda: room.open(1)) == refusal(room.close) == "ended"
    assert len(seats[0].answers()) == 1 and seats[0].answers()[0, "alone"].sure == "sure"


def test_a_countdown_closes_an_item(workspace, clock):
    room = class_of(workspace, seconds=30)
    seat, late = room.join(), room.join()
    room.open(0)
    clock(29.9)
    assert room.state().closes_at == pytest.approx(clock.now + 0.1)
    seat.answer(0, "alone", "mel", "sure")
    clock(0.2)
    assert phase(room) == "closed" and refusal(lambda: late.answer(0, "alone", "mel", "sure")) == "closed"
    room.open(0)  # closed by mistake: nothing was told
    late.answer(0, "alone", "mel", "sure")
    assert room.state().answered == 2


def test_the_model_is_seen_after_the_own_answer(workspace, clock):
    room = class_of(workspace, arm="model-after")
    seat = room.join()
    room.next()
    assert seat.stage() == "alone" and refusal(lambda: seat.answer(0, "with-model", "mel", "sure")) == "not open"
    seat.answer(0, "alone", "nv", "sure")
    assert seat.stage() == "with-model" and room.state().answered == 0
    seat.answer(0, "with-model", "mel", "fairly sure")
    assert seat.stage() is None and room.state().answered == 1
    first = class_of(workspace, arm="model-first").join()
    first.room.next()
    assert first.stage() == "with-model" and refusal(lambda: first.answer(0, "alone", "nv", "sure")) == "unfitting"


def test_what_is_no_answer_is_refused(workspace, clock):
    room = class_of(workspace, small_lesson(asks="malignancy"), ask_biopsy=True)
    seat = room.join()
    room.next()
    for answer, sure, more in (
        ("mel", "sure", {}), ("malignant", None, {}), ("malignant", "certain", {}), (None, "sure", {}),
        ("malignant", "sure", {"biopsy": "wait"}), ("malignant", "sure", {"ticks": ("dots",)}),
    ):
        assert refusal(lambda answer=answer, sure=sure, more=more: seat.answer(0, "alone", answer, sure, **more)) \
            == "unfitting"
    assert refusal(lambda: seat.answer(7, "alone", "benign", "sure")) == "unfitting"
    given = seat.answer(0, "alone", None, None, unrecognisable=True, biopsy="watch")
    assert seat.answers() == {(0, "alone"): given} and given.biopsy == "watch"
    ticking = class_of(workspace, tick_criteria=True)
    other = ticking.join()
    ticking.next()
    for ticks in (("dots",) * 21, ("",), ("<b>",), ("x" * 61,)):
        assert refusal(lambda ticks=ticks: other.answer(0, "alone", "mel", "sure", ticks=ticks)) == "unfitting"
    assert other.answer(0, "alone", "mel", "sure", ticks=("dots", "network")).ticks == ("dots", "network")


def test_a_seat_comes_back_with_its_token(workspace, clock):
    room = class_of(workspace)
    seat, other = room.join(), room.join()
    room.next()
    seat.answer(0, "alone", "bkl", "guessing")
    back = find_room(workspace, f" {room.code.lower()} ").seat(seat.token)
    assert back == seat and back.answers() == seat.answers() and other.nickname != seat.nickname
    for token in ("", other.token[:-1], "../../room", "\ud800", seat.token * 1000):
        assert refusal(lambda token=token: room.seat(token)) == "no seat"
    files = " ".join([path.name + path.read_text() for path in room.folder.rglob("*.json*")])
    assert seat.token not in files


def test_seats_of_a_lesson_with_two_forms(workspace, clock):
    shared = class_of(workspace)
    assert {shared.join().form for _ in range(6)} == {"A"}  # the projector shows one picture
    for room in (class_of(workspace, both_forms=True), class_of(workspace, mode="self-paced")):
        assert sorted(room.join().form for _ in range(6)) == list("AAABBB")
    both = class_of(workspace, both_forms=True)
    seats = {seat.form: seat for seat in (both.join(), both.join())}
    ids = {form: [item.image_id[-1] for item in seat.items] for form, seat in seats.items()}
    assert ids == {"A": list("123456"), "B": list("456123")}
    for _ in range(6):
        both.next()
    assert seats["B"].position() == 5
    one = small_lesson(forms={"A": small_lesson().forms["A"]})
    assert refusal(lambda: class_of(workspace, one, both_forms=True)) == "unfitting"


def test_alone_at_home_missed_items_come_back_and_the_first_answer_counts(workspace, clock):
    items = tuple(item(number, "mel", "mel") for number in range(6))
    room = class_of(workspace, small_lesson(forms={"A": items}), mode="self-paced", arm="model-after")
    seat = room.join()
    assert phase(room) == "answering"
    for position in (0, 1, 2, 3):
        assert (seat.position(), seat.stage()) == (position, "alone")
        assert refusal(lambda position=position: seat.answer(position + 1, "alone", "mel", "sure")) == "not open"
        seat.answer(position, "alone", "nv" if position == 0 else "mel", "sure")
        seat.answer(position, "with-model", "mel", "sure")
    assert (seat.turn().position, seat.turn().again, seat.stage()) == (0, 1, "alone")
    seat.answer(0, "alone", "mel", "guessing")
    assert seat.position() == 4 and seat.answers()[0, "alone"].answer == "nv"
    for position in (4, 5):
        seat.answer(position, "alone", "mel", "sure")
        seat.answer(position, "with-model", "mel", "sure")
    assert seat.turn() is None and room.state().answered == 1
    assert refusal(room.next) == refusal(room.close) == "unfitting"


def test_at_a_stand_missed_items_do_not_come_back(workspace, clock):
    seat = class_of(workspace, mode="kiosk").join()
    for position in range(3):
        seat.answer(position, "alone", "df", "sure")
    assert seat.turn() is None
    assert refusal(lambda: class_of(workspace, mode="kiosk", seconds=20)) == "unfitting"


def test_hands_are_counted(workspace, clock):
    room = class_of(workspace, mode="hands")
    assert refusal(room.join) == "unfitting" and refusal(lambda: room.tally(0, "alone", {"mel": 3})) == "not open"
    room.next()
    room.tally(0, "alone", {"mel": 3})
    room.tally(0, "alone", {"mel": 4, "nv": 9})
    for counts in ({"melanoma": 1}, {"mel": -1}, {"mel": 10**9}):
        assert refusal(lambda counts=counts: room.tally(0, "alone", counts)) == "unfitting"
    assert [event.counts for event in room.events() if event.do == "tally"][-1] == {"mel": 4, "nv": 9}
    assert phase(room) == "answering"


def test_a_class_without_feedback_tells_nothing(workspace, clock):
    room = class_of(workspace, feedback=False)
    room.next()
    assert refusal(room.reveal) == "unfitting"


def test_a_class_ends_after_half_an_hour_and_goes_after_a_day(workspace, clock):
    room, other = class_of(workspace), class_of(workspace)
    seat = room.join()
    room.next()
    clock(29 * 60)
    seat.answer(0, "alone", "mel", "sure")
    clock(29 * 60)
    assert phase(room) == "answering" and phase(other) == "ended"
    clock(2 * 60)
    assert phase(room) == "ended" and refusal(room.join) == "ended"
    room.next()  # the educator goes on
    assert phase(room) == "answering" and seat.position() == 1
    clock(23.5 * 3600)
    assert [one.code for one in rooms(workspace)] == [room.code] and not other.folder.exists()
    clock(3600)
    assert refusal(lambda: find_room(workspace, room.code)) == "no room"
    assert os.listdir(room.folder.parent) == []
    assert refusal(room.next) == refusal(room.join) == "no room"
    assert refusal(lambda: room.seat(seat.token)) == "no seat"


@pytest.mark.parametrize("mode", ["class", "self-paced"])
def test_a_class_that_ended_by_itself_goes_on_where_it_was(workspace, clock, mode):
    room = class_of(workspace, mode=mode)
    seat = room.join()
    if mode == "class":
        room.next()
    before = phase(room)
    clock(3600)
    assert refusal(lambda: seat.answer(0, "alone", "mel", "sure")) == "ended"
    room.resume()
    assert phase(room) == before and seat.answer(0, "alone", "mel", "sure")
    room.end()
    assert refusal(room.resume) == "ended"


def test_a_clock_that_is_set_back_takes_no_class_away(workspace, clock):
    room = class_of(workspace)
    seat = room.join()
    room.next()
    clock(-40 * 86400)
    assert phase(room) == "ended" and rooms(workspace) == [room]
    room.next()  # the educator goes on, and so do the seats
    seat.answer(1, "alone", "mel", "sure")
    assert phase(room) == "answering"
    clock(25 * 3600)
    assert rooms(workspace) == [], "what lies ahead keeps none"


def test_forgetting_deletes_at_once(workspace, clock):
    room = class_of(workspace)
    seat = room.join()
    room.forget()
    assert os.listdir(room.folder.parent) == [] and refusal(room.forget) == "no room"
    assert refusal(lambda: room.seat(seat.token)) == "no seat" and refusal(room.join) == "no room"
    assert refusal(lambda: forget_room(workspace, room.code)) == "no room"


def test_there_are_so_many_classes_and_seats(workspace, clock, monkeypatch):
    monkeypatch.setattr(room_module, "MOST_SEATS", 3)
    room = class_of(workspace)
    seats = [room.join() for _ in range(3)]
    assert len({seat.nickname for seat in seats}) == 3 and refusal(room.join) == "full"
    for _ in range(MOST_ROOMS - 1):
        open_room(workspace, small_lesson(), Plan("class", "alone"))
    assert refusal(lambda: class_of(workspace)) == "full"
    rooms(workspace)[0].forget()
    assert class_of(workspace).code not in ("", room.code)


def test_another_server_reads_on_where_this_one_stopped(workspace):
    room = class_of(workspace, arm="model-after")
    seat = room.join()
    room.next()
    seat.answer(0, "alone", "nv", "sure")
    there = f"""
from pipeline.classroom.room import find_room
from pipeline.files.workspace import Workspace
room = find_room(Workspace(__import__("pathlib").Path({str(workspace.home)!r})), {room.code!r})
seat = room.seat({seat.token!r})
print(room.state().phase, seat.position(), seat.stage())
seat.answer(0, "with-model", "mel", "sure")
room.next()
"""
    done = subprocess.run([sys.executable, "-c", there], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["answering", "0", "with-model"]
    assert seat.answers()[0, "with-model"].answer == "mel" and seat.position() == 1


def test_two_windows_of_a_seat_do_not_both_answer(workspace, clock, monkeypatch):
    room = class_of(workspace)
    seat = room.join()
    room.next()
    admitted = type(seat)._admitted

    def and_then_the_other_window_is_quicker(one, position, stage):
        found = admitted(one, position, stage)
        monkeypatch.setattr(type(seat), "_admitted", admitted)
        room.seat(seat.token).answer(position, stage, "mel", "sure")
        clock(0.01)
        return found

    monkeypatch.setattr(type(seat), "_admitted", and_then_the_other_window_is_quicker)
    with pytest.raises(RoomError, match="locked"):
        seat.answer(0, "alone", "nv", "guessing")
    assert seat.answers()[0, "alone"].answer == "mel"
