"""How a phone gets into a class: by its four letters, and then by one press, after what is kept of it was said."""

import streamlit as st

from app.access import Role, role
from app.addresses.links import remember
from app.components.classroom.seat_address import take_seat
from app.visitor_limits import keep_pace
from app.words.refusal_words import refusal
from app.words.spoken import not_reviewed, say, spoken
from pipeline.classroom.room import Room
from pipeline.classroom.room_expiry import CODE_LENGTH
from pipeline.errors import LesionLabError
from pipeline.languages import LANGUAGES
from pipeline.shown import as_text

_CODE = "classroom.code"


def ask_for_code(problem: str = "") -> None:
    """The field for the letters.

    Args:
        problem: why those of the address lead nowhere.
    """
    st.title(say("Take part"))
    if problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    with st.form("classroom.join", border=False):
        code = st.text_input(say("The four letters on the screen in front"), key=_CODE, max_chars=CODE_LENGTH,
                             autocomplete="off")
        sent = st.form_submit_button(say("Go on"), type="primary", icon=":material/login:", width="stretch")
    choose_language()
    if sent and code.strip():
        remember(room=code.strip().upper(), seat=None, look=None)
        st.rerun()


def entrance(room: Room, problem: str = "") -> None:
    """What is kept of who takes part, and the press that gives a seat.

    Args:
        problem: why the seat that the address names is none.
    """
    st.title(say("Take part in class {code}", code=as_text(room.code)))
    if problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown(say("No name, no account. Answers stay on this computer under a drawn nickname until they are deleted; "
                    "your teacher sees the class, not you."))
    if room.lesson.kind == "model":
        st.markdown(say("In this lesson the model errs."))
    if room.lesson.generated:
        st.info(say("Drawings: generated – not for learning dermoscopy."), icon=":material/draw:")
    if room.plan.rehearsal:
        st.info(say("A rehearsal: nothing of it counts."), icon=":material/theater_comedy:")
    if room.plan.mode == "hands":
        st.info(say("This class answers by a show of hands: look at the screen in front."), icon=":material/back_hand:")
    elif st.button(say("Take part"), key="classroom.take_part", type="primary", icon=":material/login:",
                   width="stretch"):
        _join(room)
    choose_language()
    with st.expander(say("What is kept, and where"), icon=":material/lock:"):
        st.markdown(say(
            "“This computer” is the one that shows the class. It keeps your answers, when they came, and the nickname; "
            "no address of your phone or of the network, and nothing of your browser. Two things make your phone known "
            "to it: the end of this page's address, and the technical cookie _streamlit_xsrf, which protects forms. "
            "There are no others. Half an hour after the last answer the class ends, a day later all of it is deleted."
        ))
    st.caption(say("For teaching, never for diagnosis."))
    st.caption(say("Images: {licence}", licence=as_text(room.lesson.licence)))
    st.caption(as_text(not_reviewed()))


def _join(room: Room) -> None:
    try:
        if role() is not Role.OPERATOR:
            keep_pace("join")
        take_seat(room, room.join())
    except LesionLabError as error:
        st.error(as_text(refusal(error)), icon=":material/error:")
    else:
        st.rerun()


def choose_language() -> None:
    """The languages, each by its own name."""
    here = spoken().code
    with st.container(horizontal=True):
        for code, name in LANGUAGES.items():
            st.button(name, key=f"classroom.language.{code}", type="tertiary", disabled=code == here,
                      icon=":material/translate:", on_click=remember, kwargs={"lang": code})
