"""What a class answered, in one table: a row for each seat, item and stage, whether it was answered or not."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipeline.classroom.lesson import Item, Lesson, asked_answer, called
from pipeline.classroom.room import Room
from pipeline.classroom.room_state import Opening
from pipeline.classroom.seat import Seat
from pipeline.files.csv_cells import table_as_csv
from pipeline.vocabulary import Form, Missing, Stage

LEAST_SEATS_SHOWN = 8  # of which a distribution is shown: of fewer it would tell who answered what
_TYPES = {"block": int, "position": int, "unrecognisable": bool, "seconds": float}  # of the others: objects
COLUMNS = (
    "seat", "form", "block", "position", "image_id", "lesion_id", "dx", "asked", "stage", "answer", "missing", "sure",
    "unrecognisable", "biopsy", "ticks", "model", "seconds",
)


def answers(room: Room) -> pd.DataFrame:
    """The answers of a class that count; an item that was not opened has no row. Damaged seats are left out.

    Returns:
        seat: its nickname, as a noun's key and a number.
        form: of the lesson, to which the item belongs.
        block: 0, or 1 in the second form that a seat goes through.
        position: of the item among those of the seat, from 0.
        image_id, lesion_id, dx: of the item.
        asked: the right answer: `dx`, or "malignant" or "benign".
        stage: "alone" or "with-model".
        answer: None where `missing`, or where the picture was unrecognisable to the seat.
        missing: "" where it answered, else "not answered" or, where it had not joined or come so far, "not seen".
        sure, unrecognisable, biopsy, ticks: what it said beside; None, False, None and () where nothing.
        model: what the model says, as the lesson asks.
        seconds: from when the seat could answer to when it did; NaN where it did not.

    Raises:
        WorkspaceError: the file of what the educator did is damaged.
    """
    seats = sorted(room.seats()[0], key=lambda seat: (seat.nickname, seat.joined))
    opened: dict[int, list[Opening]] = {}
    for one in room.openings():
        opened.setdefault(one.item, []).append(one)
    rows = [row for seat in seats for row in _rows(seat, opened)]
    return pd.DataFrame({
        name: pd.Series([row[name] for row in rows], dtype=_TYPES.get(name, object)) for name in COLUMNS
    })


def _rows(seat: Seat, opened: dict[int, list[Opening]]) -> Iterator[dict[str, Any]]:
    """A row for each item and stage that a seat was asked about."""
    room, answered, before = seat.room, seat.answers(), _before(seat, opened)
    reached = seat.position() if room.plan.own_pace else None
    length = len(room.lesson.items("A"))
    other: Form = "B" if seat.form == "A" else "A"
    for position, item in enumerate(seat.items):
        if not room.plan.own_pace and position not in opened:
            continue
        block = position // length
        about = {"seat": str(seat.nickname), "position": position, "block": block,
                 **_about(room.lesson, item, other if block else seat.form)}
        seen = position == reached if room.plan.own_pace else _was_there(seat, opened[position])
        for stage in room.plan.stages:
            given = answered.get((position, stage))
            missing: Missing = "" if given else "not answered" if seen else "not seen"
            yield {
                **about, "stage": stage, "missing": missing,
                "answer": given.answer if given else None, "sure": given.sure if given else None,
                "unrecognisable": bool(given and given.unrecognisable), "biopsy": given.biopsy if given else None,
                "ticks": given.ticks if given else (),
                "seconds": given.at - before[position, stage] if given else math.nan,
            }


def _about(lesson: Lesson, item: Item, form: Form) -> dict[str, Any]:
    return {
        "form": form, "image_id": item.image_id, "lesion_id": item.lesion_id, "dx": item.dx,
        "asked": asked_answer(lesson, item.dx), "model": asked_answer(lesson, called(lesson, item)),
    }


def _was_there(seat: Seat, openings: list[Opening]) -> bool:
    return any(one.closed_at is None or seat.joined < one.closed_at for one in openings)


def _before(seat: Seat, opened: dict[int, list[Opening]]) -> dict[tuple[int, Stage], float]:
    """The moment from which each answer of a seat could be given: its item was opened, or the answer before it came."""
    found: dict[tuple[int, Stage], float] = {}
    last = seat.joined
    for one in seat.given():
        starts = [opening.opened_at for opening in opened.get(one.position, ()) if opening.opened_at <= one.at]
        if not one.again:
            found[one.position, one.stage] = max([last, *starts])
        last = one.at
    return found


def answers_csv(room: Room, seconds: bool = False) -> bytes:
    """The table of `answers` as CSV in UTF-8; ticks with a space between.

    Args:
        seconds: whether it says how long each answer took.

    Raises:
        WorkspaceError: the file of what the educator did is damaged.
    """
    table = answers(room)
    table["ticks"] = table["ticks"].map(" ".join)
    return table_as_csv(table if seconds else table.drop(columns="seconds"))


def distribution(table: pd.DataFrame, image_id: str, stage: Stage, choices: tuple[str, ...]) -> dict[str, int] | None:
    """How many seats gave each of `choices` for an image; None where fewer than LEAST_SEATS_SHOWN gave one.

    Args:
        table: as from `answers`.
    """
    given = table.loc[(table["image_id"] == image_id) & (table["stage"] == stage), "answer"].dropna()
    if len(given) < LEAST_SEATS_SHOWN:
        return None
    counts = given.value_counts()
    return {choice: int(counts.get(choice, 0)) for choice in choices}


def tallies(room: Room) -> pd.DataFrame:
    """The hands that were counted in a class without seats: of each item, stage and answer the last tally.

    Returns:
        position, image_id, dx, asked, model: of the item, as for `answers`.
        stage, answer, count.

    Raises:
        WorkspaceError: the file of what the educator did is damaged.
    """
    last = {(event.item, event.stage): event.counts or {} for event in room.events() if event.do == "tally"}
    items = room.items()
    rows = [
        {"position": position, **_about(room.lesson, items[position], "A"), "stage": stage, "answer": answer,
         "count": counts.get(answer, 0)}
        for (position, stage), counts in sorted(last.items()) for answer in room.choices()
    ]
    return pd.DataFrame(rows, columns=["position", "image_id", "dx", "asked", "model", "stage", "answer", "count"])
