"""The lessons that are here, the classes that run, and the ways to another lesson."""

from functools import partial

import streamlit as st

from app.access import Right, may, require
from app.addresses.links import TEACH, go
from app.addresses.visits import mark
from app.components import problems
from app.components.classroom.class_steps import act
from app.components.classroom.lesson_facts import lesson_line
from app.components.deleted import Deleted, just_deleted, say_deleted
from app.components.picture_cards import Card, picture_cards
from app.loaders import resources
from app.loaders.class_pictures import content_of, picture_of
from app.words.spoken import say, say_count
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.lesson_files import (
    damaged_lessons,
    delete_lesson,
    deleted_lessons,
    import_lesson,
    list_lessons,
    restore_lesson,
)
from pipeline.classroom.room import Room, damaged_rooms, forget_room, rooms
from pipeline.errors import LessonError
from pipeline.languages import marked
from pipeline.limits import MOST_LESSON_BYTES
from pipeline.shown import as_text
from pipeline.vocabulary import RoomPhase

_SHOWN = 6  # pictures of a lesson in the list
_PHASE_WORDS: dict[RoomPhase, str] = {
    "waiting": marked("waits for its first picture"), "answering": marked("answers"), "closed": marked("is closed"),
    "revealed": marked("was told"), "ended": marked("has ended"),
}


def _restore(lesson_id: str) -> None:
    restore_lesson(resources.workspace(), lesson_id)


_LESSONS = Deleted("lesson", "teach", _restore)


def classes_here() -> None:
    """The classes, running and ended, each with the way into it; damaged ones with the way to forget them."""
    for code, error in damaged_rooms(resources.workspace()).items():
        problems.show(error)
        if st.button(say("Forget class {code}", code=as_text(code)), key=f"teach.forget.{code}",
                     icon=":material/delete_forever:"):
            act(partial(forget_room, resources.workspace(), code))
    for room in rooms(resources.workspace()):
        with problems.in_words(), st.container(border=True, horizontal=True, vertical_alignment="center"):
            _class_line(room)


def _class_line(room: Room) -> None:
    state = room.state()
    seats = say_count("{number} seat", "{number} seats", int(state.seats))
    st.markdown(f"**{as_text(room.code)}** · {as_text(room.lesson.title)} · {say(_PHASE_WORDS[state.phase])} · {seats}")
    st.page_link(TEACH, label=say("To the class"), icon=":material/co_present:",
                 query_params={"room": room.code, **mark()})


def lessons_here() -> None:
    """The lessons, each with the way to its preview."""
    workspace = resources.workspace()
    just_deleted(_LESSONS, lambda: deleted_lessons(workspace))
    for error in damaged_lessons(workspace):
        problems.show(error)
    found = list_lessons(workspace)
    if not found:
        st.markdown(say("No lesson is here yet."))
    for lesson in found:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{as_text(lesson.title)}** · {lesson_line(lesson)}")
                st.page_link(TEACH, label=say("Open it"), icon=":material/school:",
                             query_params={"lesson": lesson.id, **mark()})
            _first_pictures(lesson)


def _first_pictures(lesson: Lesson) -> None:
    """A row of what the lesson shows, as far as its pictures are here."""
    contents = [content_of(picture_of(lesson, item)) for item in lesson.items("A")[:_SHOWN]]
    cards = [Card(content, say("Picture {place}", place=place)) for place, content in enumerate(contents, 1) if content]
    if cards:
        picture_cards(cards, f"teach.shelf.{lesson.id}", wide=_SHOWN, narrow=_SHOWN // 2)


def open_a_file() -> None:
    """Takes the file of a lesson that another LesionLab wrote."""
    with st.form("teach.import", border=False, clear_on_submit=True):
        file = st.file_uploader(say("A lesson's file"), type="json", key="teach.import.file")
        sent = st.form_submit_button(say("Open the file"), icon=":material/upload_file:")
    if sent:
        with problems.in_words():
            require(Right.IMPORT, "imports lessons")
            if file is None:
                raise LessonError("No file was chosen.", "Choose the file of a lesson.")
            content = file.getvalue()[: MOST_LESSON_BYTES + 1]
            go(TEACH, lesson=import_lesson(resources.workspace(), content).id)


def delete_button(lesson: Lesson) -> None:
    """Puts the lesson away, from where it can be taken back at once."""
    if may(Right.DELETE) and st.button(say("Delete the lesson"), key="teach.delete", icon=":material/delete:"):
        with problems.in_words():
            require(Right.DELETE, "deletes lessons")
            delete_lesson(resources.workspace(), lesson.id)
            say_deleted(_LESSONS, lesson.id)
            go(TEACH)
