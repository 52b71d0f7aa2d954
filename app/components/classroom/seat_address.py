"""The seat of this browser: its token stands in the address, and the session keeps it for an address without one."""

import streamlit as st

from app.addresses.links import remember
from pipeline.classroom.room import Room
from pipeline.classroom.seat import Seat
from pipeline.errors import RoomError


def _key(room: Room) -> str:
    return f"classroom.seat.{room.code}"


def take_seat(room: Room, seat: Seat) -> None:
    """From now on this browser has that seat."""
    st.session_state[_key(room)] = seat.token
    remember(room=room.code, seat=seat.token)


def leave_seat(room: Room) -> None:
    """This browser has no seat in the class."""
    st.session_state.pop(_key(room), None)
    remember(seat=None, look=None)


def seat_here(room: Room) -> Seat | None:
    """The seat that the address names, or which this session had when Back left it out; None where it has none.

    Raises:
        RoomError: the class has no such seat; the address no longer names it then.
        WorkspaceError: its file is damaged.
    """
    token = st.query_params.get("seat") or st.session_state.get(_key(room))
    if not token:
        return None
    try:
        seat = room.seat(token)
    except RoomError:
        leave_seat(room)
        raise
    take_seat(room, seat)
    return seat
