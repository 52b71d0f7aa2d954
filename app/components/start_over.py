"""The button that hands a stand to its next visitor."""

import streamlit as st

from app.links import HOME, go
from app.visits import start_over

START_OVER = "Start over"
_SAID = "start_over.said"


def start_over_button() -> None:
    """Forgets what this visitor did and opens Home; the page that it opens says so once."""
    if st.button(START_OVER, key="start_over", icon=":material/restart_alt:",
                 help="For the next visitor: forgets uploads, filters, guesses and choices made in this browser. Runs, "
                 "models and data sets stay."):
        start_over()
        st.session_state[_SAID] = True
        go(HOME)
    if st.session_state.pop(_SAID, False):
        st.toast("Started over: uploads, filters, guesses and choices are forgotten. Runs, models and data sets stay.",
                 icon=":material/restart_alt:")
