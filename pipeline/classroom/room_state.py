"""Where a class is, folded from what its educator and its seats did."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline.classroom.room_files import RoomEvent, SeatFile
from pipeline.classroom.room_plan import Plan
from pipeline.vocabulary import RoomPhase

IDLE_SECONDS = 30 * 60


@dataclass(frozen=True)
class Opening:
    """An item that was opened: when, until when (None: until it is closed), and whether its reference was told.

    Moments are seconds since 1970 (UTC).
    """

    item: int
    opened_at: float
    closed_at: float | None
    revealed: bool = False


@dataclass(frozen=True)
class RoomState:
    """Where a class is.

    Attributes:
        phase: at the own pace "answering" until it has ended.
        item: the position of the item that was opened last, from 0.
        opened_at: when, in seconds since 1970 (UTC); None where nothing was.
        closes_at: when its countdown ends, or ended it; None where there is none.
        seats: how many there are.
        answered: how many of them have answered that item at every stage; at the own pace, all items.
    """

    phase: RoomPhase
    item: int
    opened_at: float | None
    closes_at: float | None
    seats: int
    answered: int


def openings(events: Sequence[RoomEvent], seconds: int | None) -> list[Opening]:
    """The items that were opened, in order; one that was opened twice stands twice.

    Args:
        seconds: of the countdown of an item; None: there is none.
    """
    found: list[Opening] = []
    for event in events:
        if found and event.do in ("open", "close", "reveal", "end"):
            last = found[-1]
            closed = event.at if last.closed_at is None else min(event.at, last.closed_at)
            found[-1] = Opening(last.item, last.opened_at, closed, last.revealed or event.do == "reveal")
        if event.do == "open":
            found.append(Opening(event.item, event.at, None if seconds is None else event.at + seconds))
    return found


def was_ended(events: Sequence[RoomEvent]) -> bool:
    """Whether the educator ended the class, and not time."""
    return any(event.do == "end" for event in events)


def last_moment(created: float, events: Sequence[RoomEvent], seats: Collection[SeatFile], now: float) -> float:
    """The moment of the last thing that happened in a class, in seconds since 1970 (UTC).

    After a clock was set back what happened before lies ahead: it does not count, unless all of it does.
    """
    moments = (created, *(one.at for one in events), *(moment for seat in seats for moment in seat.moments))
    return max((moment for moment in moments if moment <= now + IDLE_SECONDS), default=created)


def state_of(
    plan: Plan, items: int, created: float, events: Sequence[RoomEvent], seats: Collection[SeatFile], now: float
) -> RoomState:
    """Where a class of so many `items` a seat is at the moment `now`."""
    opened = openings(events, plan.seconds)
    last = opened[-1] if opened else None
    places = range(items) if plan.own_pace else (last.item if last else 0,)
    needed = {(place, stage) for place in places for stage in plan.stages}
    answered = sum(needed <= {(one.position, one.stage) for one in seat.given} for seat in seats)
    idle = abs(now - last_moment(created, events, seats, now)) > IDLE_SECONDS
    return RoomState(
        "ended" if idle or was_ended(events) else _phase(plan, last, now), last.item if last else 0,
        last.opened_at if last else None, last.closed_at if last and plan.seconds is not None else None,
        len(seats), answered,
    )


def _phase(plan: Plan, last: Opening | None, now: float) -> RoomPhase:
    if plan.own_pace:
        return "answering"
    if last is None:
        return "waiting"
    if last.revealed:
        return "revealed"
    return "closed" if last.closed_at is not None and now >= last.closed_at else "answering"
