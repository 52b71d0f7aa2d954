"""What lies in the folder of a class, and how it is read: files that are written once or only grow.

    rooms/<CODE>/lesson.json         the lesson, as it was when the class began
                 room.json           which lesson it was, how it goes on, when it was made
                 events.jsonl        what the educator did, a line each
                 seats/<hash>.jsonl  a seat: who it is to the class, then an answer a line

Nothing of a person is in them: no name, no address, no browser. A seat's file is named by the hash of its token, so who
can read the folder cannot take its place.
"""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Interval, Len

from pipeline.classroom.lesson import Lesson
from pipeline.classroom.lesson_files import lesson_bytes, parse_lesson
from pipeline.classroom.room_plan import Plan
from pipeline.data.left_behind import temporary_folder
from pipeline.errors import MissingFileError, WorkspaceError
from pipeline.files.appended import append_line, read_lines
from pipeline.files.bounds import Code, Count, Moment, Word
from pipeline.files.disk import disk_errors, kept_while_unchanged, read_bytes, replace_file, to_json, write_json
from pipeline.files.records import read_record, record
from pipeline.files.workspace import Workspace
from pipeline.limits import (
    MOST_HANDS,
    MOST_LESSON_BYTES,
    MOST_ROOM_EVENTS_BYTES,
    MOST_ROOMS,
    MOST_SEAT_BYTES,
    MOST_SEATS,
    MOST_TICKS,
    MOST_VISITS,
)
from pipeline.vocabulary import Form, Management, RoomDeed, Stage, Sureness

REPAIR = "Forget this class, or restore its folder from a copy."
_LESSON, _ROOM, EVENTS, _SEATS = "lesson.json", "room.json", "events.jsonl", "seats"
Ticks = Annotated[tuple[Code, ...], Len(0, MOST_TICKS)]
_HASH = re.compile(r"[0-9a-f]{64}\.jsonl")
_LEFT_BEHIND = 100  # halves of files that killed processes have left, at the most
_ACTIVE_ROOMS = 2 * MOST_ROOMS  # of which what was read is kept


@dataclass(frozen=True)
class Made:
    """`room.json`; moments are seconds since 1970 (UTC)."""

    lesson_id: Word
    plan: Plan
    created: Moment


@dataclass(frozen=True)
class RoomEvent:
    """What an educator did; of a tally also how many hands went up for each answer at `stage`."""

    at: Moment
    do: RoomDeed
    item: Count = 0
    stage: Stage = "alone"
    counts: Annotated[dict[Code, Annotated[int, Interval(ge=0, le=MOST_HANDS)]], Len(0, 100)] | None = None


@dataclass(frozen=True)
class Joined:
    """The first line of a seat: its nickname, a noun's key and a number, and the form that it begins with."""

    at: Moment
    noun: Code
    number: Count
    form: Form


@dataclass(frozen=True)
class Given:
    """An answer of a seat.

    Attributes:
        position: of the item among those of the seat, from 0.
        answer: a diagnosis, or "malignant" or "benign", as the lesson asks; None where the picture was `unrecognisable`
            to the seat and it gave none.
        biopsy: what it would do, where that was asked.
        ticks: the criteria that it saw.
        again: 0 for the answer that counts; n for the n-th to the same item after it was missed.
    """

    at: Moment
    position: Count
    stage: Stage
    answer: Code | None
    sure: Sureness | None
    unrecognisable: bool = False
    biopsy: Management | None = None
    ticks: Ticks = ()
    again: Count = 0


@dataclass(frozen=True)
class SeatFile:
    """All that is written of a seat."""

    joined: Joined
    given: tuple[Given, ...]

    @property
    def moments(self) -> tuple[float, ...]:
        """When each of its lines was written, in seconds since 1970 (UTC)."""
        return (self.joined.at, *(one.at for one in self.given))


def rooms_folder(workspace: Workspace) -> Path:
    return workspace.home / "rooms"


def write_room(workspace: Workspace, folder: Path, lesson: Lesson, made: Made) -> bool:
    """Makes the folder of a class, whole or not at all; False where there is one of this code.

    Raises:
        WorkspaceError: the workspace cannot be written.
    """
    workspace.create()
    with temporary_folder(workspace, ".incoming-") as incoming, disk_errors(folder):
        replace_file(incoming / _LESSON, lesson_bytes(lesson))
        write_json(incoming / _ROOM, asdict(made))
        (incoming / _SEATS).mkdir()
        incoming.chmod(0o755)
        folder.parent.mkdir(exist_ok=True)
        try:
            os.rename(incoming, folder)
        except OSError:
            if not os.path.lexists(folder):
                raise
            return False
    return True


def read_made(folder: Path) -> tuple[Lesson, Made]:
    """The lesson of a class, and how it goes through it.

    Raises:
        MissingFileError: there is no such folder.
        WorkspaceError: a file is damaged.
    """
    for place in (folder, folder / _SEATS):
        if place.is_symlink():  # what is written there would be written elsewhere
            raise WorkspaceError(f"{place} is damaged: it is a link.", REPAIR)
    made = _made(folder / _ROOM)
    return _lesson(folder / _LESSON, made.lesson_id), made


@kept_while_unchanged(_ACTIVE_ROOMS)
def _made(path: Path) -> Made:
    return read_record(path, Made, REPAIR)


@kept_while_unchanged(_ACTIVE_ROOMS)
def _lesson(path: Path, lesson_id: str) -> Lesson:
    return parse_lesson(read_bytes(path, MOST_LESSON_BYTES, REPAIR), str(path), lesson_id, REPAIR)


def add_event(folder: Path, event: RoomEvent) -> None:
    """Writes down what the educator did.

    Raises:
        WorkspaceError: the workspace cannot be written, or too much was done.
    """
    append_line(folder / EVENTS, _short(event), MOST_ROOM_EVENTS_BYTES)


def _short(line: RoomEvent | Given) -> dict[str, object]:
    """A line without what has the value that it has when it is left out."""
    kind = type(line)
    return {key: value for key, value in asdict(line).items() if getattr(kind, key, kind) != value}


def room_events(folder: Path) -> tuple[RoomEvent, ...]:
    """What the educator did, in order.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = folder / EVENTS
    return _events(path) if os.path.lexists(path) else ()


@kept_while_unchanged(_ACTIVE_ROOMS)
def _events(path: Path) -> tuple[RoomEvent, ...]:
    lines = read_lines(path, MOST_ROOM_EVENTS_BYTES, REPAIR)
    return tuple(record(line, RoomEvent, str(path), REPAIR) for line in lines)


def seat_path(folder: Path, token: str) -> Path:
    """The file of the seat that has this token, whatever text that is."""
    return folder / _SEATS / f"{hashlib.sha256(token.encode(errors='replace')).hexdigest()}.jsonl"


def seat_paths(folder: Path) -> list[Path]:
    """The files of all seats, in an order that says nothing of when they joined.

    Raises:
        WorkspaceError: there are more than any class has.
    """
    try:
        names = os.listdir(folder / _SEATS)
    except (FileNotFoundError, NotADirectoryError):
        return []
    if len(names) > MOST_VISITS + _LEFT_BEHIND:
        raise WorkspaceError(f"{folder / _SEATS} is damaged: it has more files than a class has seats.", REPAIR)
    return [folder / _SEATS / name for name in sorted(names) if _HASH.fullmatch(name)]


def add_seat(path: Path, joined: Joined) -> None:
    """Makes the file of a seat, whole or not at all.

    Raises:
        WorkspaceError: the workspace cannot be written.
    """
    replace_file(path, to_json(asdict(joined)).encode() + b"\n")


def add_answer(path: Path, given: Given) -> None:
    """Writes down an answer.

    Raises:
        WorkspaceError: the workspace cannot be written.
    """
    append_line(path, _short(given), MOST_SEAT_BYTES)


@kept_while_unchanged(2 * MOST_ROOMS * MOST_SEATS)
def read_seat(path: Path) -> SeatFile:
    """All that is written of a seat.

    Raises:
        MissingFileError: there is no such seat.
        WorkspaceError: its file is damaged.
    """
    if not os.path.lexists(path):
        raise MissingFileError(f"There is no file {path}.", "Join again.")
    lines = read_lines(path, MOST_SEAT_BYTES, REPAIR)
    if not lines:
        raise WorkspaceError(f"{path} is damaged: it is empty.", REPAIR)
    joined = record(lines[0], Joined, str(path), REPAIR)
    return SeatFile(joined, tuple(record(line, Given, str(path), REPAIR) for line in lines[1:]))


def seat_files(folder: Path) -> tuple[dict[Path, SeatFile], list[WorkspaceError]]:
    """What is written of each seat that can be read, by file, and what is wrong with each that cannot.

    Raises:
        WorkspaceError: there are more than any class has.
    """
    found, damaged = {}, []
    for path in seat_paths(folder):
        try:
            found[path] = read_seat(path)
        except MissingFileError:  # the class is being forgotten
            continue
        except WorkspaceError as error:
            damaged.append(error)
    return found, damaged


def remove_room(folder: Path) -> None:
    """Deletes the folder of a class for good; what a link in it leads to stays. Another process may do so, too.

    Raises:
        WorkspaceError: it cannot be written.
    """
    with disk_errors(folder), contextlib.suppress(FileNotFoundError):  # another process deletes it, too
        if folder.is_symlink() or not folder.is_dir():
            folder.unlink()
            return
        doomed = folder
        if not folder.name.startswith("."):
            doomed = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
            os.rename(folder, doomed)  # at once for every server on this folder, however long deleting takes
        shutil.rmtree(doomed)
