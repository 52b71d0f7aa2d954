"""A class that goes through a lesson: opened by an educator, joined by seats, its state folded from its files.

No process keeps any of it in memory, so servers on the same folder show the same class, and one that starts anew loses
nothing. A class in which nothing happens for half an hour has ended, until the educator goes on with it; a day after
the last thing that happened in it, it is deleted, whenever somebody next looks for a class.
"""

import contextlib
import os
import random
import secrets
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.classroom.lesson import Item, Lesson
from pipeline.classroom.lesson_files import lesson_bytes, parse_lesson
from pipeline.classroom.nicknames import Nickname, draw_nickname
from pipeline.classroom.room_expiry import CODE_LENGTH, LETTERS, is_code, is_there, room_folders
from pipeline.classroom.room_files import (
    EVENTS,
    REPAIR,
    Joined,
    Made,
    RoomEvent,
    SeatFile,
    add_event,
    add_seat,
    read_made,
    read_seat,
    remove_room,
    room_events,
    rooms_folder,
    seat_files,
    seat_path,
    seat_paths,
    write_room,
)
from pipeline.classroom.room_plan import Plan
from pipeline.classroom.room_state import Opening, RoomState, openings, state_of, was_ended
from pipeline.classroom.seat import Seat
from pipeline.errors import MissingFileError, RoomError, WorkspaceError
from pipeline.files.locks import file_lock
from pipeline.files.workspace import Workspace
from pipeline.languages import marked
from pipeline.limits import MOST_HANDS, MOST_ROOMS, MOST_SEATS, MOST_VISITS
from pipeline.progress import silent
from pipeline.vocabulary import Form, RoomDeed, RoomPhase, Stage

_TOKEN_BYTES = 16


@dataclass(frozen=True)
class Room:
    """A class.

    Attributes:
        code: four letters, by which it is joined.
        lesson: as it was when the class began.
        created: when, in seconds since 1970 (UTC).
    """

    folder: Path
    code: str
    lesson: Lesson = field(repr=False)
    plan: Plan
    created: float

    def items(self, form: Form = "A") -> tuple[Item, ...]:
        """The items of a seat that begins with `form`, in order."""
        own = self.lesson.items(form)
        return own + self.lesson.items("B" if form == "A" else "A") if self.plan.both_forms else own

    def choices(self) -> tuple[str, ...]:
        """What can be answered."""
        return self.lesson.choices()

    def events(self) -> tuple[RoomEvent, ...]:
        """What the educator did, in order.

        Raises:
            WorkspaceError: the file is damaged.
        """
        found = room_events(self.folder)
        if any(one.item >= len(self.items()) or not (one.counts or {}).keys() <= set(self.choices()) for one in found):
            raise WorkspaceError(f"{self.folder / EVENTS} is damaged: it has what this lesson has not.", REPAIR)
        return found

    def openings(self) -> list[Opening]:
        """The items that were opened, in order; one that was opened twice stands twice.

        Raises:
            WorkspaceError: the file of what the educator did is damaged.
        """
        return openings(self.events(), self.plan.seconds)

    def state(self) -> RoomState:
        """Where the class is now; a seat whose file cannot be read is left out (`seats` names it).

        Raises:
            WorkspaceError: the file of what the educator did is damaged.
        """
        return self._state(seat_files(self.folder)[0].values())

    def _state(self, seats: Collection[SeatFile]) -> RoomState:
        return state_of(self.plan, len(self.items()), self.created, self.events(), seats, time.time())

    def phase_for(self, seat: SeatFile) -> RoomPhase:
        """The phase of the class, as `state` says it, by a look at one seat where that is enough, and not at all.

        Raises:
            WorkspaceError: the file of what the educator did is damaged.
        """
        near = self._state([seat]).phase
        return self.state().phase if near == "ended" else near

    def seats(self) -> tuple[list[Seat], list[WorkspaceError]]:
        """The seats without their tokens, in no order, and what is wrong with each whose file is damaged."""
        files, damaged = seat_files(self.folder)
        found = []
        for path, file in files.items():
            seat = self._seat(path, file.joined)
            try:
                seat.given()
            except WorkspaceError as error:
                damaged.append(error)
            else:
                found.append(seat)
        return found, damaged

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        locks = Workspace(self.folder.parents[1]).locks
        with file_lock(locks / "rooms.lock", silent, "Waits for another window."):
            if not self.folder.is_dir():
                raise _no_room(self.code)
            yield

    def _do(self, do: RoomDeed, item: int = 0) -> None:
        add_event(self.folder, RoomEvent(time.time(), do, item))

    def _check_running(self, allows_idle: bool = False) -> RoomState:
        """The state of a class that has not ended.

        Raises:
            RoomError: it has; or it goes at the seats' own pace, where nothing is opened.
        """
        if self.plan.own_pace:
            raise RoomError("In this class each seat goes on by itself.", "It can be ended.")
        state = self.state()
        if state.phase == "ended" and (not allows_idle or was_ended(self.events())):
            raise RoomError("This class has ended.", "Open another one.", "ended")
        return state

    def open(self, item: int) -> None:
        """Opens an item for answers; one that is open is closed. A class that ended by itself goes on.

        Raises:
            RoomError: there is no such item, its reference diagnosis was told, or the class was ended.
        """
        with self._alone():
            self._check_running(allows_idle=True)
            self._open(item)

    def _open(self, item: int) -> None:
        if not 0 <= item < len(self.items()):
            raise RoomError("This class has {number} items, and no further one.", "It can be ended.",
                            number=len(self.items()))
        if any(one.item == item and one.revealed for one in self.openings()):
            raise RoomError("The reference diagnosis of this item was told.", "Open another one.", "closed")
        self._do("open", item)

    def next(self) -> None:
        """Opens the item after the one that was opened last, at first the first.

        Raises:
            RoomError: there is none, or the class was ended.
        """
        with self._alone():
            self._check_running(allows_idle=True)
            openings = self.openings()
            self._open(openings[-1].item + 1 if openings else 0)

    def close(self) -> None:
        """Takes no more answers to the open item; one that is closed stays so.

        Raises:
            RoomError: nothing was opened, or the class has ended.
        """
        with self._alone():
            state = self._check_running()
            if state.phase == "waiting":
                raise RoomError("No item is open.", "Open one.", "not open")
            if state.phase == "answering":
                self._do("close", state.item)

    def reveal(self) -> None:
        """Tells the reference diagnosis of the item, which closes it for good.

        Raises:
            RoomError: nothing was opened, the class gives no feedback, or it has ended.
        """
        with self._alone():
            state = self._check_running()
            if state.phase == "waiting":
                raise RoomError("No item is open.", "Open one.", "not open")
            if not self.plan.feedback:
                raise RoomError("This class gives no feedback after an item.", "Its report does, at the end.")
            if state.phase != "revealed":
                self._do("reveal", state.item)

    def end(self) -> None:
        """Ends the class for good; its answers stay until it is forgotten.

        Raises:
            RoomError: it is gone.
        """
        with self._alone():
            if not was_ended(self.events()):
                self._do("end")

    def resume(self) -> None:
        """Lets a class that ended by itself, as nothing happened in it, go on where it was.

        Raises:
            RoomError: the educator ended it, or it is gone.
        """
        with self._alone():
            if was_ended(self.events()):
                raise RoomError("This class has ended.", "Open another one.", "ended")
            self._do("resume")

    def tally(self, item: int, stage: Stage, counts: dict[str, int]) -> None:
        """Keeps how many hands went up for each answer, in the place of an earlier tally of the same.

        Raises:
            RoomError: the class has seats, has ended, was not shown that item, or is not asked this.
        """
        with self._alone():
            self._check_running()
            if self.plan.mode != "hands":
                raise RoomError("In this class the seats answer.", "Count hands in a class without seats.")
            if not any(one.item == item for one in self.openings()):
                raise RoomError("This item was not opened yet.", "Open it first.", "not open")
            fits = stage in self.plan.stages and counts.keys() <= set(self.choices())
            if not fits or not all(0 <= count <= MOST_HANDS for count in counts.values()):
                raise RoomError("That is no tally of this item.", "Count 0 to {number} hands for each answer.",
                                number=MOST_HANDS)
            add_event(self.folder, RoomEvent(time.time(), "tally", item, stage, dict(counts)))

    def join(self) -> Seat:
        """Takes a new seat.

        Raises:
            RoomError: the class is full, has ended, or has no seats.
            WorkspaceError: the workspace cannot be written.
        """
        with self._alone():
            if self.plan.mode == "hands":
                raise RoomError("This class answers by a show of hands.", "Look at the projector.")
            files = seat_files(self.folder)[0].values()
            if self._state(files).phase == "ended":
                raise RoomError("This class has ended.", "Ask for the code of another one.", "ended")
            if len(seat_paths(self.folder)) >= (MOST_VISITS if self.plan.mode == "kiosk" else MOST_SEATS):
                raise RoomError("This class is full.", "Share a seat with somebody.", "full")
            seats = [file.joined for file in files]
            nickname = draw_nickname(((one.noun, one.number) for one in seats), random.SystemRandom())
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            path = seat_path(self.folder, token)
            joined = Joined(time.time(), *nickname, self._form([one.form for one in seats]))
            add_seat(path, joined)
        return self._seat(path, joined, token)

    def _form(self, taken: list[Form]) -> Form:
        if "B" not in self.lesson.forms or not (self.plan.both_forms or self.plan.own_pace):
            return "A"
        a, b = taken.count("A"), taken.count("B")
        return "A" if a < b or a == b and random.SystemRandom().random() < 0.5 else "B"

    def _seat(self, path: Path, joined: Joined, token: str = "") -> Seat:
        return Seat(self, token, path, Nickname(joined.noun, joined.number), joined.form, joined.at)

    def seat(self, token: str) -> Seat:
        """The seat that has this token.

        Raises:
            RoomError: there is none.
            WorkspaceError: its file is damaged.
        """
        path = seat_path(self.folder, token)
        try:
            return self._seat(path, read_seat(path).joined, token)
        except MissingFileError as error:
            raise RoomError("This class has no such seat.", "Join it again.", "no seat") from error

    def forget(self) -> None:
        """Deletes the class with its answers for good.

        Raises:
            RoomError: it is gone already.
        """
        with self._alone():
            remove_room(self.folder)


def open_room(workspace: Workspace, lesson: Lesson, plan: Plan) -> Room:
    """A new class, which nobody has joined.

    Raises:
        RoomError: there are too many, or the plan does not fit the lesson.
        WorkspaceError: it is no lesson, or the workspace cannot be written.
    """
    if plan.both_forms and "B" not in lesson.forms:
        raise RoomError("This lesson has one form, and the class is to go through two.", "Draw it with two forms.")
    if plan.seconds is not None and plan.own_pace:
        raise RoomError("At the own pace there is no countdown.", "Leave it out.")
    if len(room_folders(workspace)) >= MOST_ROOMS:
        raise RoomError("There are {number} classes already.", "Forget one of them.", "full", number=MOST_ROOMS)
    parse_lesson(lesson_bytes(lesson), "The lesson")  # as it will be read again
    made = Made(lesson.id, plan, time.time())
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        if write_room(workspace, rooms_folder(workspace) / code, lesson, made):
            return _read(rooms_folder(workspace) / code)


def _read(folder: Path) -> Room:
    lesson, made = read_made(folder)
    if made.plan.both_forms and "B" not in lesson.forms:
        raise WorkspaceError(f"{folder} is damaged: its lesson has no form B.", REPAIR)
    return Room(folder, folder.name, lesson, made.plan, made.created)


def find_room(workspace: Workspace, code: str) -> Room:
    """The class of that code, in letters of either case.

    Raises:
        RoomError: there is none.
        WorkspaceError: its files are damaged.
    """
    code = code.strip().upper()
    folder = rooms_folder(workspace) / code
    if not is_code(code) or not is_there(folder):
        raise _no_room(code)
    return _read(folder)


def _no_room(code: str) -> RoomError:
    named = marked("There is no class {code}.") if is_code(code) else marked("There is no class of this code.")
    return RoomError(named, "Look at the code again; the class may be over.", "no room", code=code)


def rooms(workspace: Workspace) -> list[Room]:
    """The classes, newest first; a damaged one is left out (`damaged_rooms` has it)."""
    found = []
    for folder in room_folders(workspace):
        with contextlib.suppress(WorkspaceError):
            found.append(_read(folder))
    return sorted(found, key=lambda room: (room.created, room.code), reverse=True)


def damaged_rooms(workspace: Workspace) -> dict[str, WorkspaceError]:
    """What is wrong with each class that cannot be read, by its code; `forget_room` deletes one all the same."""
    found = {}
    for folder in room_folders(workspace):
        try:
            _read(folder).events()
        except WorkspaceError as error:
            found[folder.name] = error
    return found


def forget_room(workspace: Workspace, code: str) -> None:
    """Deletes the class of that code, damaged or not, with its answers for good.

    Raises:
        RoomError: there is none.
        WorkspaceError: it cannot be deleted.
    """
    if not is_code(code) or not os.path.lexists(rooms_folder(workspace) / code):
        raise _no_room(code)
    remove_room(rooms_folder(workspace) / code)
