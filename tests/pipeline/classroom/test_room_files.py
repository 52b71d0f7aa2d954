"""What is kept of a class, for how long, and that nothing of it tells who somebody is."""

import json
import os
import random

import pytest

from pipeline.classroom.nicknames import NOUNS, NUMBERS, Nickname, draw_nickname
from pipeline.classroom.room import damaged_rooms, find_room, forget_room, rooms
from pipeline.classroom.room_expiry import CODE_LENGTH, LETTERS
from pipeline.errors import WorkspaceError
from pipeline.limits import MOST_VISITS
from tests.class_rooms import class_of, refusal


def test_the_files_of_a_class_tell_nothing_of_a_person(workspace, clock):
    room = class_of(workspace, arm="model-after", ask_biopsy=True, tick_criteria=True)
    seat = room.join()
    room.next()
    seat.answer(0, "alone", "mel", "sure", biopsy="biopsy", ticks=("dots",))
    seat.answer(0, "with-model", "nv", "guessing", unrecognisable=True)
    lines = [json.loads(line) for path in room.folder.rglob("*.jsonl") for line in path.read_text().splitlines()]
    assert {key for line in lines for key in line} == {
        "at", "do", "noun", "number", "form", "position", "stage", "answer", "sure", "biopsy", "ticks",
        "unrecognisable",
    }
    assert sorted(path.name for path in room.folder.iterdir()) == ["events.jsonl", "lesson.json", "room.json", "seats"]
    assert set(json.loads((room.folder / "room.json").read_text())) == {"lesson_id", "plan", "created"}


def test_a_damaged_class_is_named_and_goes_after_a_day_too(workspace, clock):
    room = class_of(workspace)
    (room.folder / "room.json").write_text("{")
    os.utime(room.folder, (clock.now, clock.now))
    assert list(damaged_rooms(workspace)) == [room.code] and rooms(workspace) == []
    with pytest.raises(WorkspaceError, match="room.json is damaged"):
        find_room(workspace, room.code)
    clock(25 * 3600)
    assert damaged_rooms(workspace) == {} and os.listdir(room.folder.parent) == []


def test_a_deletion_that_was_interrupted_is_ended(workspace, clock):
    room, other = class_of(workspace), class_of(workspace)
    room.join()
    os.rename(room.folder, room.folder.with_name(f".{room.code}.0a1b2c3d"))
    assert rooms(workspace) == [other] and os.listdir(room.folder.parent) == [other.code]
    assert refusal(lambda: forget_room(workspace, room.code)) == "no room"
    assert refusal(lambda: forget_room(workspace, "../runs")) == "no room"


def test_codes_have_no_letters_that_look_alike():
    assert CODE_LENGTH == 4 and not set(LETTERS) & set("AEIOUBGLNQSVZ0123456789") and len(set(LETTERS)) == len(LETTERS)


def test_nicknames_are_unlike_and_enough():
    rng, taken = random.Random(1), []
    for _ in range(200):
        taken.append(draw_nickname(taken, rng))
    assert len(set(taken)) == 200
    assert {noun for noun, _ in taken[: len(NOUNS)]} == set(NOUNS), "no noun twice before each was drawn"
    everybody = [Nickname(noun, number) for noun in NOUNS for number in NUMBERS]
    assert len(everybody) > MOST_VISITS
    assert draw_nickname(everybody[1:], rng) == everybody[0]
    assert draw_nickname([*taken, ("a stranger's noun", 10**9)], rng) not in taken
    with pytest.raises(ValueError, match="taken"):
        draw_nickname(everybody, rng)
