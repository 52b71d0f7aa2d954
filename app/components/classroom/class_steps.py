"""What an educator does with a running class, one step after the other; each asks for the right to run classes."""

from collections.abc import Callable
from typing import Literal

import streamlit as st

from app.access import Right, require
from app.components import problems
from pipeline.classroom.room import Room
from pipeline.classroom.room_state import RoomState, was_ended

Step = Literal["next", "close", "reveal", "resume"]


def next_step(room: Room, state: RoomState) -> Step | None:
    """What comes next for the educator; None where only the end does, or nothing."""
    if state.phase == "ended":
        return None if was_ended(room.events()) else "resume"
    if room.plan.own_pace:
        return None
    if state.phase == "waiting":
        return "next"
    if state.phase == "answering":
        return "close"
    if state.phase == "closed" and room.plan.feedback:
        return "reveal"
    return "next" if state.item + 1 < len(room.items()) else None


def is_told(room: Room, position: int) -> bool:
    """Whether the reference diagnosis of the item at `position` was told to the class."""
    return any(one.item == position and one.revealed for one in room.openings())


def take_step(room: Room, step: Step) -> None:
    """Does it, and draws the page anew; what is wrong is said."""
    act({"next": room.next, "close": room.close, "reveal": room.reveal, "resume": room.resume}[step])


def act(do: Callable[[], None]) -> None:
    """Does something with a class, and draws the page anew; what is wrong is said."""
    with problems.in_words():
        require(Right.OPEN_ROOM)
        do()
        st.rerun()
