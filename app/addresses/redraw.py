"""The whole page drawn anew from a view that refreshes itself.

A browser sends the address and what every widget shows with each refresh. What it sent before it heard that the
visitor's press led elsewhere is of before that press: it must not take the visitor back.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_DRAWN = "address.drawn"


def refreshing() -> bool:
    """Whether only a part of the page is drawn anew, at whatever address its browser had."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def keep_address() -> None:
    """At the end of each page: this is where the visitor is."""
    st.session_state[_DRAWN] = st.query_params.to_dict()


def redraw_page() -> None:
    """Draws the page anew; from a part of it that refreshed itself, where the page was drawn last."""
    drawn = st.session_state.get(_DRAWN)
    if refreshing() and drawn is not None and drawn != st.query_params.to_dict():
        st.query_params.from_dict(drawn)
    st.rerun()
