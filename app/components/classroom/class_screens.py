"""The screens of a seat in a class that goes on at its educator's pace."""

import time

import streamlit as st

from app.components.classroom.class_watch import moment, watch
from app.components.classroom.item_screens import ask, given_words, look, told
from app.components.classroom.own_page import opened_items, own_page
from app.words.nickname_words import nickname_words
from app.words.spoken import say
from pipeline.classroom.seat import Seat
from pipeline.shown import as_text


def class_screen(seat: Seat) -> None:
    """What the seat sees now, until the class goes on.

    Raises:
        WorkspaceError: the files of the class are damaged.
    """
    room = seat.room
    drawn = moment(room)
    phase, item, _ = drawn
    if phase == "waiting":
        st.title(as_text(nickname_words(*seat.nickname)))
        st.info(say("You are in. The first picture opens here by itself."), icon=":material/hourglass_empty:")
    elif phase == "ended":
        own_page(seat)
    elif phase == "revealed":
        told(seat, item)
    else:
        _item(seat, item, phase == "answering")
    watch(room, drawn)


def _item(seat: Seat, item: int, is_open: bool) -> None:
    stage = seat.stage()
    if is_open and stage is not None:
        closes_at = seat.room.state().closes_at
        if ask(seat, item, stage, None if closes_at is None else max(closes_at - time.time(), 0.0)):
            st.rerun()
        return
    look(seat, item)
    answers = seat.answers()
    for one in seat.room.plan.stages:
        if (given := answers.get((item, one))) is not None:
            st.success(say("Locked: {answer}", answer=as_text(given_words(seat, given))), icon=":material/lock:")
    if stage is not None:
        late = opened_items(seat)[item] == "not seen"
        st.info(say("This picture was closed before you came, and counts as not seen.") if late else
                say("Too late: this picture is closed, and counts as not answered."), icon=":material/timer_off:")
    st.caption(say("It goes on by itself."))
