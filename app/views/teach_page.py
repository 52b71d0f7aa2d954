"""Teach: a lesson is prepared, a class goes through it on the projector, and what came of it."""

import streamlit as st

from app.access import Right, later, may, not_offered
from app.addresses.links import TAKE_PART, TEACH, linked
from app.components import problems
from app.components.classroom.class_run import class_run
from app.components.classroom.joining import choose_language
from app.components.classroom.lesson_facts import lesson_line
from app.components.classroom.lesson_maker import lesson_maker
from app.components.classroom.lesson_preview import lesson_preview
from app.components.classroom.lesson_shelf import (
    classes_here,
    delete_button,
    lessons_here,
    open_a_file,
)
from app.components.classroom.plan_form import plan_form
from app.components.help_text import help_text
from app.loaders import resources
from app.words.spoken import browsers_language, chosen, not_reviewed, say, speak, spoken
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.lesson_files import find_lesson, lesson_bytes, list_lessons
from pipeline.classroom.room import Room, find_room
from pipeline.errors import RoomError
from pipeline.languages import LANGUAGES
from pipeline.shown import as_text
from pipeline.vocabulary import LanguageCode

_GUIDES: dict[LanguageCode, str] = {"en": "teach", "de": "teach-de"}  # in assets/help


def _speak(otherwise: LanguageCode) -> None:
    asked = st.query_params.get("lang")
    speak(next((code for code in LANGUAGES if code == asked), otherwise))


def _running() -> Room | None:
    """The class that the address names; where there is none of it, says so."""
    code = st.query_params.get("room")
    try:
        return find_room(resources.workspace(), code) if code else None
    except RoomError as error:
        problems.show(error)
        return None


def _set_up(lesson: Lesson) -> None:
    st.page_link(TEACH, label=say("All classes and lessons"), icon=":material/arrow_back:")
    st.title(as_text(lesson.title))
    st.markdown(lesson_line(lesson))
    if lesson.aim:
        st.markdown(as_text(lesson.aim))
    pictures, choices = st.columns([3, 2], gap="large")
    with choices, st.container(border=True):
        plan_form(lesson)
    with pictures:
        lesson_preview(lesson)
        st.caption(as_text(lesson.licence))
        with st.container(horizontal=True):
            if may(Right.TAKE_AWAY):
                st.download_button(
                    say("The lesson as a file"), later(Right.TAKE_AWAY, lambda: lesson_bytes(lesson)),
                    f"{lesson.id}.json", "application/json", key="teach.file", on_click="ignore",
                    icon=":material/download:", help=say("Everything but the pixels, for another LesionLab."))
            delete_button(lesson)


def _begin() -> None:
    st.title(say("Teach"))
    classes_here()
    st.subheader(say("Lessons"), anchor=False)
    lessons_here()
    st.subheader(say("A new lesson"), anchor=False)
    lesson_maker()
    with st.expander(say("A lesson from another LesionLab"), icon=":material/upload_file:"):
        open_a_file()
    help_text(_GUIDES[spoken().code], say("Ten minutes before a class"))
    choose_language()
    st.caption(as_text(not_reviewed()))


def main() -> None:
    _speak(chosen() or browsers_language())
    if not may(Right.OPEN_ROOM):
        st.title(say("Teach"))
        not_offered(Right.OPEN_ROOM, "Preparing and running classes")
        st.page_link(TAKE_PART, label=say("Take part"), icon=":material/login:")
        return
    room = _running()
    if room is not None:
        _speak(room.plan.language)
        class_run(room)
        return
    asked = linked("lesson", [lesson.id for lesson in list_lessons(resources.workspace())])
    if asked.problem:
        st.warning(as_text(asked.problem), icon=":material/link_off:")
    if asked.value is None:
        _begin()
    else:
        _set_up(find_lesson(resources.workspace(), asked.value))


main()
