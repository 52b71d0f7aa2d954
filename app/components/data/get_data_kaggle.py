"""HAM10000 from Kaggle: whether there is a login, where it was found, and ways to give one. The key is never shown."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.access import Right, may, require
from app.components import problems
from app.components.data.get_data_sources import fetch_button, source_terms
from pipeline.data.sources.catalogue import SOURCES
from pipeline.data.sources.credentials import (
    Credentials,
    find_credentials,
    kaggle_folder,
    keep_kaggle_json,
    keep_key,
    keep_token,
)
from pipeline.errors import LesionLabError
from pipeline.shown import as_text

SOURCE = SOURCES["kaggle-ham10000"]


def _login() -> Credentials | None:
    try:
        found = find_credentials()
    except LesionLabError as error:
        problems.show(error)
        return None
    if found:
        st.success(as_text(f"Kaggle login found in {found.place}."), icon=":material/key:")
    else:
        st.info("No Kaggle login is here yet. Kaggle gives one to everybody with an account: kaggle.com, Settings, "
                "API, *Generate New Token*. Give it below, once.", icon=":material/key_off:")
    return found


def _kept(keep: Callable[[], Path], *keys: str) -> None:
    """Keeps a login and forgets what was typed or uploaded under `keys`, whatever came of it."""
    try:
        with problems.in_words():
            require(Right.KAGGLE_LOGIN)
            problems.say_later(f"Kept in {keep()}, readable by you alone.")
            st.rerun()
    finally:
        context = get_script_run_ctx()
        for key in keys:
            given = st.session_state.pop(key, None)
            if given is not None and not isinstance(given, str):
                context.uploaded_file_mgr.remove_file(context.session_id, given.file_id)


def _ways_in() -> None:
    """One form for each kind of login; what was typed leaves the form as soon as it was sent."""
    token, file, key = st.tabs(["Access token", "kaggle.json", "User name and key"])
    with token, st.form("kaggle.token", border=False, clear_on_submit=True):
        given = st.text_input("Access token", type="password", key="kaggle.token.value", autocomplete="off")
        if st.form_submit_button("Keep it", icon=":material/save:"):
            _kept(lambda: keep_token(given), "kaggle.token.value")
    with file, st.form("kaggle.file", border=False, clear_on_submit=True):
        upload = st.file_uploader("kaggle.json, as Kaggle downloads it", type="json", key="kaggle.file.value")
        if st.form_submit_button("Keep it", icon=":material/save:"):
            _kept(lambda: keep_kaggle_json(upload.getvalue() if upload else b""), "kaggle.file.value")
    with key, st.form("kaggle.key", border=False, clear_on_submit=True):
        username = st.text_input("User name", key="kaggle.key.user", autocomplete="off")
        secret = st.text_input("Key", type="password", key="kaggle.key.value", autocomplete="off")
        if st.form_submit_button("Keep it", icon=":material/save:"):
            _kept(lambda: keep_key(username, secret), "kaggle.key.user", "kaggle.key.value")
    st.caption(as_text(f"It is kept in {kaggle_folder()}, where Kaggle's own tools look, and nowhere else."))


def kaggle_section(names: set[str], running: set[str]) -> None:
    """The collection with its terms; for the person who runs the server the state of the login too, and the button."""
    with st.container(border=True):
        st.markdown(f"**{as_text(SOURCE.title)}**")
        source_terms(SOURCE)
        if not may(Right.KAGGLE_LOGIN):
            return
        found = _login()
        fetch_button(SOURCE, names, running, label="Fetch HAM10000", ready=found is not None)
        with st.expander("Give another login" if found else "Give a login", icon=":material/key:"):
            _ways_in()
