"""What was deleted and can come back, of runs and of models alike: a sentence with Undo, and a list with Restore."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import streamlit as st

from app.access import Right, may, require
from app.components import problems
from pipeline.number_words import count
from pipeline.shown import as_text


class Deleted(NamedTuple):
    """How one kind of things is deleted and restored.

    Attributes:
        noun: "run" or "model".
        key: of the page, before its widgets' keys.
        restore: takes the one of that name back.
    """

    noun: str
    key: str
    restore: Callable[[str], None]


def say_deleted(kind: Deleted, name: str) -> None:
    """Keeps what `just_deleted` says."""
    st.session_state[f"{kind.key}.just_deleted"] = name


def just_deleted(kind: Deleted, gone: Callable[[], Collection[str]]) -> None:
    """Says that one was deleted and offers the way back, until another action or a click on it.

    Args:
        gone: gives the names of those that can be restored.
    """
    key = f"{kind.key}.just_deleted"
    name = st.session_state.get(key)
    if name is None or not may(Right.RESTORE):
        return
    if name not in gone():
        del st.session_state[key]
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/delete: The {as_text(kind.noun)} **{as_text(name)}** is deleted.", width="content")
        if st.button("Undo", key=f"{kind.key}.undo", icon=":material/undo:"):
            _restore(kind, name)


def _restore(kind: Deleted, name: str) -> None:
    with problems.in_words():
        require(Right.RESTORE, f"restores {kind.noun}s")
        kind.restore(name)
        st.session_state.pop(f"{kind.key}.just_deleted", None)
        problems.say_later(f"The {kind.noun} {name} is back.")
        st.rerun()


def deleted_list(kind: Deleted, titles: Mapping[str, str], where: str, place: str) -> None:
    """All that can be restored, each with a button, for the person who runs the server.

    Args:
        titles: of each, by name.
        where: the folder in which they lie, and what of them, as the sentence goes on after their number.
        place: before the keys of the buttons.
    """
    if not titles or not may(Right.RESTORE):
        return
    with st.expander(f"Deleted {as_text(kind.noun)}s ({len(titles)})", icon=":material/delete:"):
        st.caption(as_text(f"{count(len(titles), kind.noun)} in {where}. The disk space is free once that folder's "
                           "content is removed by hand."))
        for name, title in titles.items():
            words, button = st.columns([4, 1], vertical_alignment="center")
            words.markdown(as_text(title))
            if button.button("Restore", key=f"{place}.{name}", icon=":material/undo:", help=f"Restore {as_text(name)}"):
                _restore(kind, name)
