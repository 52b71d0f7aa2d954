"""A seat of a class: whoever has its token answers there, once each, and comes back to where it was."""

import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.classroom.lesson import Item, asked_answer
from pipeline.classroom.nicknames import Nickname
from pipeline.classroom.practice import Turn, next_turn
from pipeline.classroom.room_files import REPAIR, Given, Ticks, add_answer, read_seat
from pipeline.errors import RoomError, WorkspaceError
from pipeline.files.records import RecordError, checked
from pipeline.limits import MOST_TICKS
from pipeline.vocabulary import MANAGEMENT, SURENESS, Form, Management, RoomPhase, Stage, Sureness

if TYPE_CHECKING:  # which imports this module
    from pipeline.classroom.room import Room


@dataclass(frozen=True)
class Seat:
    """A seat of a class.

    Attributes:
        room: the class.
        token: 128 random bits as text, which its address carries and no file has; "" of a seat in a list.
        path: of its file.
        nickname: by which the class's tables name it.
        form: of the lesson that it begins with.
        joined: when, in seconds since 1970 (UTC).
    """

    room: "Room" = field(repr=False)
    token: str = field(repr=False)
    path: Path = field(repr=False)
    nickname: Nickname
    form: Form
    joined: float

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """What it is asked about, in order.

        Raises:
            WorkspaceError: its file is damaged: the lesson has no such form.
        """
        if self.form not in self.room.lesson.forms:
            raise WorkspaceError(f"{self.path} is damaged: the lesson has no form {self.form}.", REPAIR)
        return self.room.items(self.form)

    def given(self) -> tuple[Given, ...]:
        """All that it answered, in order; of two answers to the same question the first.

        Raises:
            WorkspaceError: its file is damaged, or gone with its class.
        """
        first: dict[tuple[int, str, int], Given] = {}
        for one in read_seat(self.path).given:
            if not self._fits(one) or any((one.position, before, 0) not in first for before in self._before(one.stage)):
                raise WorkspaceError(f"{self.path} is damaged: an answer is none to this lesson.", REPAIR)
            first.setdefault((one.position, one.stage, one.again), one)
        return tuple(first.values())

    def _fits(self, given: Given) -> bool:
        known = given.answer is None or given.answer in self.room.choices()
        return known and given.position < len(self.items) and given.stage in self.room.plan.stages

    def _before(self, stage: Stage) -> tuple[Stage, ...]:
        """The stages of an item that come before `stage`."""
        stages = self.room.plan.stages
        return stages[: stages.index(stage)]

    def answers(self) -> dict[tuple[int, Stage], Given]:
        """The answers that count, by position and stage."""
        return {(one.position, one.stage): one for one in self.given() if not one.again}

    def phase(self) -> RoomPhase:
        """The phase of the class.

        Raises:
            WorkspaceError: its file is damaged, or gone with its class.
        """
        return self.room.phase_for(read_seat(self.path))

    def turn(self) -> Turn | None:
        """The item that it is at; None where it is through, or the class has not begun."""
        if not self.room.plan.own_pace:
            openings = self.room.openings()
            return Turn(openings[-1].item, 0) if openings else None
        stages, given = self.room.plan.stages, self.given()
        first = {one.position: one for one in given if not one.again and one.stage == stages[0]}
        ended = [one if one.again else first[one.position] for one in given if one.again or one.stage == stages[-1]]
        done = [(one.position, self._right(one)) for one in ended]
        return next_turn(done, len(self.items), self.room.plan.mode == "self-paced" and self.room.plan.feedback)

    def position(self) -> int | None:
        """The position of the item that it is at; None where it is through, or the class has not begun."""
        turn = self.turn()
        return None if turn is None else turn.position

    def stage(self) -> Stage | None:
        """The stage that it is to answer at next; None where it has answered the item that it is at, or there is none.
        """
        turn, stages = self.turn(), self.room.plan.stages
        if turn is None or turn.again:
            return stages[0] if turn else None
        answers = self.answers()
        return next((stage for stage in stages if (turn.position, stage) not in answers), None)

    def _right(self, given: Given) -> bool:
        return given.answer == asked_answer(self.room.lesson, self.items[given.position].dx)

    def answer(
        self, position: int, stage: Stage, answer: str | None, sure: Sureness | None, *, unrecognisable: bool = False,
        biopsy: Management | None = None, ticks: tuple[str, ...] = (),
    ) -> Given:
        """Stores an answer, which is locked from then on.

        Args:
            position: of the item among those of the seat, from 0.
            stage: one of the plan's, in their order.
            answer: one of the room's `choices`; None where the picture was `unrecognisable` and no answer is given.
            sure: how sure; None only without an answer.
            biopsy: what the seat would do, where the plan asks.
            ticks: the criteria that it saw, where the plan asks.

        Raises:
            RoomError: the class has ended, the item is not open yet or no longer, it was answered already, or this is
                no answer to what is asked.
            WorkspaceError: the workspace cannot be written.
        """
        again = self._admitted(position, stage)
        self._check(answer, sure, unrecognisable, biopsy, ticks)
        given = Given(time.time(), position, stage, answer, sure, unrecognisable, biopsy, ticks, again)
        add_answer(self.path, given)
        if given not in self.given():  # two windows of one seat answered at once, and the other's line is the first
            raise _locked()
        return given

    def _admitted(self, position: int, stage: Stage) -> int:
        """Which return of the item this answer is for: 0 for the one that counts.

        Raises:
            RoomError: none can be given there.
        """
        plan, phase, answers = self.room.plan, self.phase(), self.answers()
        if phase == "ended":
            raise RoomError("This class has ended.", "Its answers are kept until it is forgotten.", "ended")
        if stage not in plan.stages or not 0 <= position < len(self.items):
            raise RoomError("The class is not asked this.", "Reload the page.")
        turn = self.turn()
        if turn and turn.again and turn.position == position and stage == plan.stages[0]:
            return turn.again
        if (position, stage) in answers:
            raise _locked()
        if turn is None or turn.position != position:
            opened = not plan.own_pace and any(one.item == position for one in self.room.openings())
            raise _closed() if opened else RoomError("This item is not open yet.", "Wait until it is.", "not open")
        if phase != "answering":
            raise _closed()
        if any((position, before) not in answers for before in self._before(stage)):
            raise RoomError("The own answer comes first.", "Answer without the model, then with it.", "not open")
        return 0

    def _check(
        self, answer: str | None, sure: Sureness | None, unrecognisable: bool, biopsy: Management | None,
        ticks: tuple[str, ...],
    ) -> None:
        plan = self.room.plan
        if answer is None and not unrecognisable or answer is not None and answer not in self.room.choices():
            raise RoomError("That is none of the answers of this lesson.", "Choose one of those that are shown.")
        if sure not in SURENESS and not (answer is None and sure is None):
            raise RoomError("An answer needs how sure it is.", "Choose guessing, fairly sure or sure.")
        if biopsy is not None and not (plan.ask_biopsy and biopsy in MANAGEMENT):
            raise RoomError("This class is not asked what to do.", "Answer without it.")
        if ticks and not plan.tick_criteria:
            raise RoomError("This class is not asked for criteria.", "Answer without them.")
        try:
            checked(ticks, Ticks, "The answer")
        except RecordError as error:
            raise RoomError("At most {number} criteria can be ticked, each a code.", "Tick fewer.",
                            number=MOST_TICKS) from error


def _locked() -> RoomError:
    return RoomError("This item is answered already, and the answer is locked.", "Go on to the next one.", "locked")


def _closed() -> RoomError:
    return RoomError("This item is closed.", "Wait for the next one.", "closed")
