"""Operator: whether this session runs the server, the passphrase that makes it so, and the class's address."""

import streamlit as st

from app import passphrase
from app.access import Role, role, why_not
from app.components import problems
from app.components.class_address import class_address
from pipeline.shown import as_text

_FIELD = "operator.passphrase.value"


def _give() -> None:
    with st.form("operator.passphrase", border=False, clear_on_submit=True):
        given = st.text_input("Passphrase", type="password", key=_FIELD, autocomplete="off")
        sent = st.form_submit_button("Go on", type="primary", icon=":material/key:")
    st.caption("It stands in the terminal in which the server was started. It holds until this page is loaded anew.")
    if sent:
        st.session_state.pop(_FIELD, None)
        with problems.in_words():
            passphrase.prove(given)
            st.rerun()


def main() -> None:
    st.title("Operator")
    if role() is Role.OPERATOR:
        st.success("This session runs the server: it may do everything.", icon=":material/key:")
        if passphrase.proof() and st.button("Be a visitor again", key="operator.leave", icon=":material/logout:"):
            passphrase.leave()
            st.rerun()
        class_address()
    elif passphrase.is_set():
        _give()
    else:
        st.info(as_text(why_not()), icon=":material/lock:")


main()
