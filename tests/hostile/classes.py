"""A class whose folder came from a stranger or was damaged: what is whole goes on, the damaged file is named, and the
class can be forgotten.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.classroom.answers import answers, answers_csv, tallies
from pipeline.classroom.class_figures import class_figures
from pipeline.classroom.room import Room, damaged_rooms, find_room, forget_room, open_room, rooms
from pipeline.classroom.room_plan import Plan
from pipeline.classroom.seat import Seat
from pipeline.classroom.switches import switches
from pipeline.errors import LesionLabError
from pipeline.files.workspace import Workspace
from tests.hostile.case import Case
from tests.hostile.old_home import BYTES, JSON, PLACES
from tests.small_lesson import small_lesson

PRELOAD = ("tests.hostile.classes", "pandas", "scipy.special", "pydantic")
# a damage that no reader can overlook
_CERTAIN = {"empty", "random", "another-type", "deep", "a-folder", "a-loop", "a-pipe", "values-without-end"}
_Change = Callable[[bytes, random.Random], bytes]


def _added(*lines: object) -> _Change:
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return lambda content, rng: content + b"".join(text + b"\n" for text in texts)


def _line(**values) -> dict[str, object]:
    return {"at": time.time(), "position": 0, "stage": "alone", "answer": "mel", "sure": "sure", **values}


def _in_json(**values) -> _Change:
    return lambda content, rng: json.dumps({**json.loads(content), **values}).encode()


_LINES: dict[str, _Change] = {
    "a-number": _added(5), "a-list": _added([]), "deep-line": _added(b"[" * 100_000),
    "an-endless-number-in-a-line": _added(b'{"at": ' + b"9" * 5000 + b"}"), "zeros": _added(b"\0" * 5000),
    "half-a-surrogate-in-a-line": _added(b'{"at": 1, "do": "\\ud800"}'),
    "half-a-line": lambda content, rng: content[:-9],
    "half-a-letter": lambda content, rng: content + b'{"at": 1, "do": "\xc3', "large": _added(b"x" * 2**21),
    "lines-without-end": lambda content, rng: content + b"{}\n" * 400_000,
}
_OWN: dict[str, dict[str, _Change]] = {
    "events": {
        **_LINES, "another-item": _added({"at": 1.0, "do": "open", "item": 99}), "a-huge-item": _added(
            {"at": 1.0, "do": "open", "item": 10**15}),
        "another-deed": _added({"at": 1.0, "do": "delete", "item": 0}), "an-unknown-field": _added(
            {"at": 1.0, "do": "open", "item": 0, "path": "/etc"}),
        "far-ahead": _added({"at": 2e11, "do": "close", "item": 0}), "endless-hands": _added(
            {"at": 1.0, "do": "tally", "item": 0, "counts": {"mel": 10**12}}),
        "hands-for-another": _added({"at": 1.0, "do": "tally", "item": 0, "counts": {"@here@": 1}}),
        "opened-without-end": _added(*[{"at": 1.0, "do": "open", "item": 0}] * 5_000),
    },
    "seat": {
        **_LINES, "another-position": _added(_line(position=99)), "a-huge-position": _added(_line(position=10**12)),
        "another-answer": _added(_line(answer="@here@")), "another-stage": _added(_line(stage="before")),
        "the-model-first": _added(_line(position=2, stage="with-model")), "long-ago": _added(_line(at=0.0, position=1)),
        "far-ahead": _added(_line(at=2e11, position=1)), "ticks-without-end": _added(_line(ticks=["dots"] * 5000)),
        "joined-twice": lambda content, rng: content.splitlines(keepends=True)[0] * 2,
        "again-without-end": _added(*[_line(again=n) for n in range(1, 2500)]),
        "another-form": lambda content, rng: content.replace(b'"form": "A"', b'"form": "C"'),
        "the-other-form": lambda content, rng: content.replace(b'"form": "A"', b'"form": "B"'),
        "a-noun-of-markup": lambda content, rng: content.replace(b'"noun": "', b'"noun": "<b>'),
    },
    "room": {
        "both-forms-of-one": _in_json(plan={"mode": "class", "arm": "alone", "both_forms": True}),
        "seconds-of-none": _in_json(plan={"mode": "kiosk", "arm": "alone", "seconds": 0}),
        "seconds-without-end": _in_json(plan={"mode": "class", "arm": "alone", "seconds": 10**9}),
        "another-mode": _in_json(plan={"mode": "exam", "arm": "alone"}), "long-ago": _in_json(created=0.0),
        "far-ahead": _in_json(created=2e11), "an-unknown-field": _in_json(path="/etc/passwd"),
    },
    "lesson": {"no-forms": _in_json(forms={}), "a-link": _in_json(title="../../../x"), "no-priors": _in_json(
        class_priors={}), "shares-of-more": _in_json(class_priors={"mel": 7})},
}
_JSON_FILES = ("room", "lesson")


def _opened(home: Workspace) -> tuple[Room, Seat, Seat]:
    lesson = small_lesson(forms={"A": small_lesson().forms["A"]})
    room = open_room(home, lesson, Plan("class", "model-after"))
    seats = room.join(), room.join()
    room.next()
    for seat in seats:
        seat.answer(0, "alone", "nv", "sure")
    seats[0].answer(0, "with-model", "mel", "sure")
    return room, *seats


def _tried(do: Callable[[], object], said: list[str]) -> object:
    """What comes of it; a refusal in words is kept, any other error is a defect."""
    try:
        return do()
    except LesionLabError as error:
        said.append(str(error))
        return None


def _used(home: Workspace, code: str, tokens: list[str]) -> str:
    """Everything that reads or changes a class, done to it; what was said meanwhile."""
    said: list[str] = []
    _tried(lambda: said.extend(map(str, damaged_rooms(home).values())), said)
    _tried(lambda: rooms(home), said)
    room = _tried(lambda: find_room(home, code), said)
    if not isinstance(room, Room):
        return " ".join(said)
    for do in (room.state, room.openings, room.next, room.close, room.reveal, room.join, lambda: tallies(room)):
        _tried(do, said)
    _tried(lambda: said.extend(map(str, room.seats()[1])), said)
    for token in tokens:
        seat = _tried(lambda token=token: room.seat(token), said)
        if isinstance(seat, Seat):
            for do in (seat.turn, seat.stage, lambda seat=seat: seat.answer(1, "alone", "mel", "sure")):
                _tried(do, said)
    table = _tried(lambda: answers(room), said)
    if table is not None:
        class_figures(table, "alone", 1, resamples=10)
        switches(table, 1, resamples=10)
        said.append(answers_csv(room).decode())
    return " ".join(said)


def _handed_over(kind: str, way: str, damage: Callable[[Path], None]) -> Callable[[Path], None]:
    def hand_over(folder: Path) -> None:
        home = Workspace(folder / "home").create()
        (whole, *_), (room, first, second) = _opened(home), _opened(home)
        before = whole.state()
        damage(first.path if kind == "seat" else room.folder / f"{kind}.json{'l' * (kind == 'events')}")
        said = _used(home, room.code, [first.token, second.token])
        for foreign in ("@here@", "../../../x", "/etc", "x" * 500):
            assert foreign not in said, "the file is quoted"
        if way in _CERTAIN:
            name = first.path.name if kind == "seat" else f"{kind}.json"
            if (kind, way) != ("events", "empty"):  # nobody did anything yet
                assert name in said, "nobody says which file is damaged"
        if kind == "seat":
            assert room.seat(second.token).answers()[0, "alone"].answer == "nv", "another seat is hurt"
        else:
            assert way == "long-ago" or os.path.lexists(room.folder), "the class is gone"
        assert find_room(home, whole.code).state() == before, "another class is hurt"
        if os.path.lexists(room.folder):
            forget_room(home, room.code)
        assert os.listdir(home.home / "rooms") == [whole.code]

    return hand_over


def _damaging(change: _Change, seed: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(change(path.read_bytes(), random.Random(seed))) and None


def _linked(what: str, to: str) -> Callable[[Path], None]:
    """A folder of a class in which `what` leads out of the workspace, to a folder or a file with somebody's content."""

    def hand_over(folder: Path) -> None:
        home = Workspace(folder / "home").create()
        room, first, second = _opened(home)
        place = {"room": room.folder, "seats": room.folder / "seats", "seat": first.path,
                 "events": room.folder / "events.jsonl", "lesson": room.folder / "lesson.json"}[what]
        outside = folder / "outside"
        if to == "moved":
            place.rename(outside)
        elif to == "empty":
            outside.write_bytes(b"")
        if to == "empty" or to == "nothing":
            place.unlink() if place.is_file() else place.rename(folder / "away")
        place.symlink_to(outside)
        before = {path: path.read_bytes() for path in [outside, *outside.rglob("*")] if path.is_file()}
        _used(home, room.code, [first.token, second.token])
        after = {path: path.read_bytes() for path in [outside, *outside.rglob("*")] if path.is_file()}
        assert after == before, "something outside of the workspace is changed"
        forget_room(home, room.code)
        assert {path: path.read_bytes() for path in before} == before, "something outside of the workspace is deleted"
        assert os.listdir(home.home / "rooms") == []

    return hand_over


def _crowded(folder: Path) -> None:
    """A class with more files than any has seats."""
    home = Workspace(folder / "home").create()
    room, first, _ = _opened(home)
    for number in range(4000):
        (room.folder / "seats" / f"{number:064x}.jsonl").touch()
    assert "seats" in _used(home, room.code, [first.token])
    forget_room(home, room.code)


def cases() -> Iterator[Case]:
    """Each file of a class, damaged in every way that fits it; links out of the workspace; too many seats."""
    for kind in ("room", "lesson", "events", "seat"):
        changes = {**BYTES, **(JSON if kind in _JSON_FILES else {}), **_OWN[kind]}
        ways = {**{way: _damaging(change, f"{kind} {way}") for way, change in changes.items()}, **PLACES}
        for way, damage in ways.items():
            fast = random.Random(f"{kind} {way}").random() < 0.2 or way in ("a-loop", "another-position")
            yield Case(f"{kind}-{way}", _handed_over(kind, way, damage), fast=fast)
    for what in ("room", "seats", "seat", "events", "lesson"):
        for to in ("moved", "nothing", *(("empty",) if what not in ("room", "seats") else ())):
            yield Case(f"link-{what}-{to}", _linked(what, to), fast=to == "moved")
    yield Case("crowded", _crowded)
