"""The way from a page to a ready lesson about what it shows."""

import streamlit as st

from app.access import Right, may
from app.addresses.links import TEACH
from app.addresses.visits import mark
from pipeline.shown import as_text
from pipeline.vocabulary import ReadyLesson


def lesson_way(name: ReadyLesson, words: str) -> None:
    """A link to *Teach*, for who may run classes."""
    if may(Right.OPEN_ROOM):
        st.page_link(TEACH, label=as_text(words), icon=":material/co_present:", query_params={"ready": name, **mark()})
