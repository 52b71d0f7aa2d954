"""The screens of a seat that goes through a lesson by itself."""

import streamlit as st

from app.addresses.links import remember
from app.components.classroom.item_screens import ask, told
from app.components.classroom.own_page import own_page
from app.words.spoken import say
from pipeline.classroom.seat import Seat

_LOOK = "look"  # in the address: the position of the item whose reference diagnosis is being read, from 0


def own_pace_screen(seat: Seat) -> None:
    """What the seat sees now.

    Raises:
        WorkspaceError: the files of the class are damaged.
    """
    plan, turn, read = seat.room.plan, seat.turn(), _being_read(seat)
    if read is not None:
        told(seat, read)
        st.button(say("Next picture") if turn else say("To the end"), key="classroom.next", type="primary",
                  icon=":material/arrow_forward:", width="stretch", on_click=remember, kwargs={_LOOK: None})
        return
    stage = seat.stage()
    if turn is None or stage is None or seat.room.state().phase == "ended":
        own_page(seat)
        return
    if turn.again:
        st.caption(say("Once more; your first answer counts."))
    if ask(seat, turn.position, stage):
        if plan.feedback and (turn.again or stage == plan.stages[-1]):
            remember(look=str(turn.position))
        st.rerun()


def _being_read(seat: Seat) -> int | None:
    """The item that the address names, where the seat has answered it and is told of it."""
    named = st.query_params.get(_LOOK, "")
    position = int(named) if named.isascii() and named.isdecimal() and len(named) < 5 else -1
    answered = (position, seat.room.plan.stages[-1]) in seat.answers()
    return position if answered and seat.room.plan.feedback else None
