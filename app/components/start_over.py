"""The button that hands a stand to its next visitor, and what becomes of teaching sets and notes."""

from datetime import datetime
from pathlib import Path

import streamlit as st

from app.access import Right, may, not_offered, require
from app.addresses.links import HOME, go
from app.addresses.visits import began, start_over
from app.components import problems
from app.loaders import resources
from pipeline.number_words import count
from pipeline.runs.teaching import Kept, put_away, written_since
from pipeline.shown import as_text

START_OVER = "Start over"
_SAID, _CHOICE = "start_over.said", "start_over.teaching"
_KEEP, _VISIT, _ALL = "keep", "visit", "all"
_FORGOTTEN = ("Started over: uploads, filters, guesses and choices are forgotten. Runs, models and data sets stay; no "
              "page opens on an earlier visit's run by itself.")


def start_over_button() -> None:
    """Forgets what this visitor did and opens Home, which says so once (`started_over`).

    Teaching sets and notes stay, unless the box, which is there where there are any, says otherwise.
    """
    choice = _KEEP
    with st.container(horizontal=True, width="content", vertical_alignment="center"):
        clicked = st.button(
            START_OVER, key="start_over", icon=":material/restart_alt:",
            help="For the next visitor: forgets uploads, filters, guesses and choices made in this browser, and puts "
            "the runs so far aside. Runs, models and data sets stay.")
        with problems.in_words():
            choice = _choice()
    if clicked:
        with problems.in_words():
            place = None if choice == _KEEP else _put_away(choice)
            start_over()
            gone = f" Teaching sets and notes were put away into {place}." if place else ""
            st.session_state[_SAID] = _FORGOTTEN + gone
            go(HOME)


def started_over() -> None:
    """Says what a start over has just forgotten; nothing otherwise."""
    if said := st.session_state.pop(_SAID, None):
        st.toast(as_text(said), icon=":material/restart_alt:")


def _put_away(choice: str) -> Path:
    require(Right.PUT_AWAY)
    return put_away(resources.workspace(), began() if choice == _VISIT else 0.0)


def _choice() -> str:
    """What becomes of teaching sets and notes: kept, unless the operator of the stand chooses otherwise."""
    everything = written_since(resources.workspace(), 0.0)
    if not any(everything):
        return _KEEP
    if not may(Right.PUT_AWAY):
        not_offered(Right.PUT_AWAY, "Putting teaching sets and notes away")
        return _KEEP
    since = began()
    mine = written_since(resources.workspace(), since)
    at = f"{datetime.fromtimestamp(since):%H:%M}"
    words = {_KEEP: f"Keep all: {_of(everything)}"}
    if any(mine):
        words[_VISIT] = f"Put away this visit's, written since {at}: {_of(mine)}"
    words[_ALL] = f"Put away all, the educator's too: {_of(everything)}"
    if st.session_state.get(_CHOICE) not in words:
        st.session_state[_CHOICE] = _KEEP
    kept = "kept" if st.session_state[_CHOICE] == _KEEP else "put away"
    with st.popover(f"Teaching sets and notes: {kept}", icon=":material/collections_bookmark:"):
        return st.radio("Teaching sets and notes at the next start over", list(words), format_func=words.get,
                        key=_CHOICE)


def _of(kept: Kept) -> str:
    """ "2 teaching sets, notes on 5 images"."""
    said = [count(kept.sets, "teaching set")] if kept.sets else []
    return ", ".join([*said, f"notes on {count(kept.images, 'image')}"] if kept.images else said)
