"""Looks every two seconds whether the class went on, and draws the page anew where it did; else nothing moves."""

import streamlit as st

from app.addresses.redraw import redraw_page
from pipeline.classroom.room import Room
from pipeline.errors import LesionLabError

_EVERY = 2.0  # seconds
Moment = tuple[str, int, float | None]  # what decides which screen a seat sees


def moment(room: Room) -> Moment:
    """Where the class is, as far as the screen of a seat depends on it.

    Raises:
        WorkspaceError: its files are damaged, or gone with it.
    """
    state = room.state()
    return state.phase, state.item, state.opened_at


@st.fragment(run_every=_EVERY)
def watch(room: Room, drawn: Moment) -> None:
    """Where the class is no longer where it was when the page was drawn, draws the whole page."""
    try:
        now = moment(room) if room.folder.is_dir() else None
    except LesionLabError:
        now = None
    if now != drawn:
        redraw_page()
