"""Operator: whether this session runs the server, what makes it so (passphrase or login), and the class's address."""

import streamlit as st

from app import passphrase
from app.access import Role, role, why_not
from app.components import problems
from app.components.class_address import class_address
from app.connection import answers_this_computer_alone
from app.logins import log_in, logged_in, login_set_up
from pipeline.shown import as_text

_FIELD = "operator.passphrase.value"
_NO_OPERATOR = ("This login is not an operator's: its e-mail is not among those that whoever runs the server has "
                "named, or its provider does not say that it verified it.")


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


def _login(operator: bool) -> None:
    """The way to the provider and back, where there is one."""
    if logged_in():
        if not operator:
            st.warning(_NO_OPERATOR, icon=":material/no_accounts:")
        if st.button("Log out", key="operator.logout", icon=":material/logout:"):
            st.logout()
    elif not operator and _would_help() and st.button("Log in", key="operator.login", icon=":material/login:"):
        with problems.in_words():
            log_in()


def _would_help() -> bool:
    """Whether a login can make an operator here: nowhere that it could be gone round."""
    return login_set_up() and answers_this_computer_alone(just_now=True)


def main() -> None:
    st.title("Operator")
    operator = role() is Role.OPERATOR
    if operator:
        st.success("This session runs the server: it may do everything.", icon=":material/key:")
        if passphrase.proof() and st.button("Be a visitor again", key="operator.leave", icon=":material/logout:"):
            passphrase.leave()
            st.rerun()
        class_address()
    elif passphrase.is_set():
        _give()
    else:
        st.info(as_text(why_not()), icon=":material/lock:")
    _login(operator)


main()
