"""How many have joined and answered, never who, and how much time is left; the page follows where the class goes on."""

import math
import time

import streamlit as st

from app.addresses.redraw import redraw_page
from app.components.classroom.class_watch import Moment
from app.components.classroom.presenter import COUNT
from app.words.spoken import say
from pipeline.classroom.room import Room
from pipeline.classroom.room_state import RoomState
from pipeline.errors import LesionLabError

_EVERY, _COUNTING = 2.0, 1.0  # seconds between two looks; while a countdown runs


def class_numbers(room: Room, state: RoomState) -> None:
    """Draws them, and looks again every second or two as long as the class has not ended."""
    counting = state.phase == "answering" and state.closes_at is not None
    every = None if state.phase == "ended" else _COUNTING if counting else _EVERY
    st.fragment(_numbers, run_every=every)(room, (state.phase, state.item, state.opened_at))


def _numbers(room: Room, drawn: Moment) -> None:
    try:
        state = room.state() if room.folder.is_dir() else None
    except LesionLabError:
        state = None  # the page says what is wrong
    if state is None or (state.phase, state.item, state.opened_at) != drawn:
        redraw_page()
        return
    with st.container(key=COUNT):
        for line in _lines(room, state):
            st.markdown(line)


def _lines(room: Room, state: RoomState) -> list[str]:
    seats = int(state.seats)
    if room.plan.mode == "hands":
        lines = []
    elif state.phase == "waiting":
        lines = [say("{seats} joined", seats=seats)]
    elif room.plan.own_pace:
        lines = [say("{seats} joined", seats=seats),
                 say("{answered} through all pictures", answered=state.answered)]
    else:
        lines = [say("{answered} of {seats} answered", answered=state.answered, seats=seats)]
    if state.phase == "answering" and state.closes_at is not None:
        minutes, seconds = divmod(max(math.ceil(state.closes_at - time.time()), 0), 60)
        lines.append(f":material/timer: {minutes:d}:{seconds:02d}")
    return lines
