"""Take part: what a phone shows of a class that it has joined, and a stand of its visitors' game."""

import streamlit as st

from app.components.classroom.class_screens import class_screen
from app.components.classroom.joining import ask_for_code, entrance
from app.components.classroom.own_pace import own_pace_screen
from app.components.classroom.phone_frame import phone_frame
from app.components.classroom.seat_address import seat_here
from app.components.classroom.stand_game import stand_game
from app.loaders import resources
from app.words.refusal_words import refusal
from app.words.spoken import browsers_language, speak
from pipeline.classroom.room import Room, find_room
from pipeline.errors import RoomError
from pipeline.languages import LANGUAGES
from pipeline.vocabulary import LanguageCode


def _speak(otherwise: LanguageCode) -> None:
    """The language that the address asks for, else another one; the frame says it to the browser."""
    asked = st.query_params.get("lang")
    speak(next((code for code in LANGUAGES if code == asked), otherwise))
    phone_frame()


def _in(room: Room) -> None:
    _speak(room.plan.language)
    try:
        seat = seat_here(room)
    except RoomError as error:
        entrance(room, refusal(error))
        return
    if seat is None:
        entrance(room)
    elif room.plan.own_pace:
        own_pace_screen(seat)
    else:
        class_screen(seat)


def main() -> None:
    if st.query_params.get("kiosk") == "1":
        _speak(browsers_language())
        stand_game()
        return
    code = st.query_params.get("room", "")
    try:
        room = find_room(resources.workspace(), code) if code else None
    except RoomError as error:
        _speak(browsers_language())
        ask_for_code(refusal(error))
        return
    if room is None:
        _speak(browsers_language())
        ask_for_code()
    else:
        _in(room)


main()
