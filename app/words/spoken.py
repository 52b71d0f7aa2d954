"""What the pages of a class say, in the language of the session."""

import streamlit as st

from pipeline.errors import ClassroomError
from pipeline.languages import LANGUAGES, Language, language
from pipeline.vocabulary import LanguageCode

_KEY = "classroom.language"


def speak(code: LanguageCode) -> None:
    """From now on this session's pages of a class are in that language."""
    st.session_state[_KEY] = code


def spoken() -> Language:
    """The session's language; English where none was chosen."""
    return language(st.session_state.get(_KEY, "en"))


def chosen() -> LanguageCode | None:
    """The language that this session speaks since a page of a class chose it; None before."""
    return st.session_state.get(_KEY)


def say(text: str, **values: object) -> str:
    """`Language.say` of the session's language; the catalogue's words may be Markdown, `values` are escaped before."""
    return spoken().say(text, **values)


def say_count(one: str, many: str, number: int, **values: object) -> str:
    """`Language.say_count` of the session's language."""
    return spoken().say_count(one, many, number, **values)


def say_error(error: ClassroomError) -> str:
    """What was wrong and what to do next, in the session's language; not escaped."""
    return " ".join(say(sentence, **error.values) for sentence in error.sentences if sentence)


def not_reviewed() -> str:
    """That no dermatologist has read the language's clinical terms, as long as that is so; else ""."""
    return "" if spoken().reviewed else say("Terms not yet reviewed by a dermatologist.")


def browsers_language() -> LanguageCode:
    """The language that the browser asks for, where there is a catalogue of it, else English."""
    asked = (st.context.locale or "").partition("-")[0].lower()
    return next((code for code in LANGUAGES if code == asked), "en")
