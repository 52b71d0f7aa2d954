"""How a class gets in, on the projector: its code in large letters, a QR code, and what to do where phones fail."""

import streamlit as st

from app.components.class_address import join_address, phones_reach_it, qr_code
from app.components.classroom.presenter import CODE
from app.words.spoken import say
from pipeline.classroom.room import Room
from pipeline.shown import as_text


def class_entrance(room: Room) -> None:
    """The code and the QR code of a class with seats; how hands are counted of one without."""
    if room.plan.mode == "hands":
        st.title(as_text(room.lesson.title))
        st.markdown(say("By a show of hands: nobody needs a phone. For each picture the hands are counted here."))
        return
    address = join_address(room.code)
    picture, words = st.columns([2, 3], gap="large", vertical_alignment="center")
    picture.image(qr_code(address), width="stretch", alt=say("QR code of the address {address}", address=address))
    with words:
        st.markdown(say("**1. Scan it with your own phone**, or open the address and type these letters:"))
        with st.container(key=CODE):
            st.markdown(as_text(room.code))
        st.code(address, language=None, wrap_lines=True)
        if not phones_reach_it():
            st.warning(say("This address names this computer alone: no phone reaches it. `make class` starts LesionLab "
                           "for a class."), icon=":material/wifi_off:")
        if room.plan.rehearsal:
            st.info(say("A rehearsal: nothing of it counts."), icon=":material/theater_comedy:")
        st.link_button(say("Take a seat of your own"), address, icon=":material/event_seat:",
                       help=say("In another tab: this one stays with the class."))
        with st.expander(say("Where the phones find nothing"), icon=":material/help:"):
            st.markdown(say(
                "Guest networks often keep devices apart. Then: open a hotspot on this computer or on a phone and "
                "start `make class` in it; or give the lesson by a show of hands; or print the worksheet."))
