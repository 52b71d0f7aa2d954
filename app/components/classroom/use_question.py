"""*Non-commercial teaching?*: asked of a class and of a stand where the licence of pictures makes a difference."""

from typing import Literal

import streamlit as st

from app.words.spoken import say
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.permitted_use import non_commercial_alone
from pipeline.shown import as_text

Use = Literal["non-commercial", "any"]  # as it stands in a stand's address
NON_COMMERCIAL: Use = "non-commercial"
ANY_USE: Use = "any"


def asked_use(lesson: Lesson) -> Use | None:
    """For what the lesson's images are to be shown; not asked, and any use, where their licence allows all. None before
    it is answered.
    """
    return ask_use(lesson.licence, "teach.non_commercial") if non_commercial_alone(lesson) else ANY_USE


def ask_use(licence: str, key: str) -> Use | None:
    """Asks it; None before it is answered.

    Args:
        licence: what asks for it.
    """
    answer = st.radio(say("Non-commercial teaching?"), ["yes", "no"], index=None, key=key,
                      format_func={"yes": say("Yes"), "no": say("No")}.get, horizontal=True,
                      help=say("The licence of these images asks for it: {licence}", licence=as_text(licence)))
    return None if answer is None else NON_COMMERCIAL if answer == "yes" else ANY_USE


def use_of_address() -> Use | None:
    """For what the stand's address says that its pictures are shown; None where it says nothing."""
    said = st.query_params.get("use")
    return NON_COMMERCIAL if said == NON_COMMERCIAL else ANY_USE if said == ANY_USE else None
