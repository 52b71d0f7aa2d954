"""What is there after a class: its report, and the questions of its lesson."""

import streamlit as st

from app.components.classroom.class_report import class_report
from app.words.spoken import say
from pipeline.classroom.room import Room
from pipeline.shown import as_text


def after_class(room: Room) -> None:
    """Draws it.

    Raises:
        WorkspaceError: the file of what the educator did is damaged.
    """
    class_report(room)
    if room.lesson.questions:
        st.subheader(say("To talk about"), anchor=False)
        st.markdown("\n".join(f"- {as_text(question)}" for question in room.lesson.questions))
