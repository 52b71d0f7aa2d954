"""Errors in words: what was wrong and what to do, never a traceback."""

import contextlib

import streamlit as st

from app.words.spoken import say_error
from pipeline.errors import ClassroomError, LesionLabError
from pipeline.files.workspace import error_words
from pipeline.shown import as_text


def show(error: LesionLabError) -> None:
    """The error's problem and next step; those of a class in the language in which its pages speak."""
    words = say_error(error) if isinstance(error, ClassroomError) else error
    st.error(as_text(error_words(words)), icon=":material/error:")


@contextlib.contextmanager
def in_words():
    """Shows a LesionLabError of the block instead of raising it."""
    try:
        yield
    except LesionLabError as error:
        show(error)


def say_later(sentence: str) -> None:
    """Keep a sentence for the next time that `said` is called, after a rerun or on another page."""
    st.session_state["said_later"] = sentence


def said() -> None:
    """Show what `say_later` kept, once."""
    # the place is there with and without a sentence: else all below it moves, and open expanders close
    place = st.container()
    if sentence := st.session_state.pop("said_later", None):
        place.success(as_text(sentence), icon=":material/check:")
