"""Help prose lives in assets/help/*.md, so that it can be read and corrected without code."""

from functools import cache
from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "help"


@cache
def prose(topic: str) -> str:
    """The text of `assets/help/<topic>.md`."""
    return (_FOLDER / f"{topic}.md").read_text(encoding="utf-8")


def help_text(topic: str, title: str) -> None:
    """A folded explanation."""
    with st.expander(title, icon=":material/help:"):
        st.markdown(prose(topic))
