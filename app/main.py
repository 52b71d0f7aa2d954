"""LesionLab's server and its pages. Start with `python -m streamlit run app/main.py`.

Streamlit imports this file once, for the server, and runs it as a script each time that a page is drawn.
"""

from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit.navigation.page import Page

from app.closed_doors import ClosedDoors
from app.hidden_path import HiddenPath
from app.hosts import KnownHostsOnly
from app.old_addresses import OldAddresses
from app.passphrase import take_from_environment
from app.upload_limits import UploadLimits


def _page(name: str, title: str, **more: Any) -> Page:
    return st.Page(f"views/{name}_page.py", title=title, **more)


_WITHOUT_MENU = ("take-part",)  # pages of phones and stands


def _menu() -> dict[str, list[Page]]:
    """The pages by what a visitor wants to do; a hidden one is led to by links."""
    return {
        "Try": [
            _page("home", "What do you see?", default=True), _page("classify", "Classify", url_path="classify"),
        ],
        "Look": [
            _page("errors", "Errors", url_path="errors"),
            _page("case", "Case", url_path="case", visibility="hidden"),
            _page("tour", "Instructive errors", url_path="tour"), _page("criteria", "Criteria", url_path="criteria"),
            _page("dataset", "Data sets", url_path="dataset"),
            _page("lesson", "Lesson", url_path="lesson", visibility="hidden"),
        ],
        "Train": [
            _page("train", "Train", url_path="train"), _page("runs", "Runs", url_path="runs"),
            _page("models", "Models", url_path="models"),
        ],
        "Judge": [
            _page("judge", "Judge", url_path="judge"),
            _page("evaluate_on", "Another data set", url_path="another-data-set", visibility="hidden"),
        ],
        "More": [
            _page("teach", "Teach", url_path="teach"),
            _page("article", "The article", url_path="article"),
            _page("operator", "Operator", url_path="operator", visibility="hidden"),
            _page("take_part", "Take part", url_path="take-part", visibility="hidden"),
        ],
    }


def main() -> None:
    """Draws the page that the address names."""
    # not above: their caches want the server to stand when they are made
    from app.addresses.history_steps import one_entry_a_step
    from app.addresses.links import without_long_values
    from app.addresses.redraw import keep_address
    from app.addresses.visits import keep_apart
    from app.components.problems import in_words

    st.set_page_config(page_title="LesionLab", layout="wide")
    menu = _menu()
    page = st.navigation(menu, position="top")
    if page.url_path in _WITHOUT_MENU:
        st.navigation(menu, position="hidden")
    keep_apart()
    without_long_values()
    with in_words():
        page.run()
    keep_address()
    one_entry_a_step()


if __name__ == "__main__":
    main()
else:
    take_from_environment()
    app = st.App(__file__, middleware=[
        Middleware(each) for each in (KnownHostsOnly, ClosedDoors, UploadLimits, HiddenPath, OldAddresses)
    ])
