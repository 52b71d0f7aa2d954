"""Visits at a stand: what one visitor left is out of the next one's reach, in the browser's history too.

An address can carry a filter or an example. After a start over every address carries the number of the visit, and an
address of an earlier visit, which the browser's Back button still reaches, loses its parameters.
"""

import time

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.loaders import resources

_PARAMETER = "visit"
_KEY = "visit.number"
_BEGAN = "visit.began"
_DRAWN = "visit.drawn"  # how many pages this visit has drawn


def mark() -> dict[str, str]:
    """What an address of this visit carries: nothing before the first start over."""
    number = st.session_state.get(_KEY)
    return {_PARAMETER: number} if number else {}


def keep_apart() -> None:
    """At the start of every page: an address of an earlier visit opens the page, but not what was chosen there."""
    st.session_state.setdefault(_BEGAN, time.time())
    st.session_state[_DRAWN] = st.session_state.get(_DRAWN, 0) + 1
    asked = st.query_params.get(_PARAMETER, "")
    if _KEY not in st.session_state and asked.isascii() and asked.isdecimal():
        st.session_state[_KEY] = asked[:9]  # this visitor has loaded the page anew
    number = st.session_state.get(_KEY)
    if number and asked != number:
        st.query_params.from_dict({_PARAMETER: number})


def something_done() -> bool:
    """Whether this visit has done anything yet that a start over would undo, its address counted."""
    return st.session_state[_DRAWN] > 1 or bool(st.query_params.to_dict().keys() - {_PARAMETER})


def began() -> float:
    """When this visit began, or its page was loaded anew: seconds since 1970 (UTC)."""
    return st.session_state[_BEGAN]


def start_over() -> None:
    """Forgets the session: uploads, filters, guesses, choices, the address and the outputs; nothing on the disk."""
    number = int(st.session_state.get(_KEY, "1")) + 1
    st.session_state.clear()
    resources.forget_outputs()
    context = get_script_run_ctx()
    assert context is not None  # this runs in a page's script
    context.uploaded_file_mgr.remove_session_files(context.session_id)  # else they stay until the browser leaves
    st.session_state[_KEY] = str(number)
    st.query_params.from_dict(mark())
