"""The page of a running class on a projector: large, without a menu, and turned by the two keys of a presenter."""

import streamlit as st

from app.components.classroom.presenters_keys import Pressed, presenters_keys
from app.words.spoken import spoken

PICTURE, CODE, COUNT = "teach-picture", "teach-code", "teach-count"  # keys of containers that are drawn large

# below Streamlit's own containers, so not kept within the component
_CSS = """
header[data-testid="stHeader"], [data-testid="stSidebar"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 1rem 2rem; max-width: none; }
@media (min-width: 1600px) {
  [data-testid="stMainBlockContainer"] p, [data-testid="stMainBlockContainer"] label,
  [data-testid="stMainBlockContainer"] button { font-size: 1.35rem; }
}
.st-key-teach-picture img { max-height: calc(100dvh - 6rem); object-fit: contain; }
.st-key-teach-code p { font-size: clamp(3rem, 9vw, 11rem); line-height: 1; font-weight: 700; letter-spacing: 0.15em;
  font-family: monospace; }
.st-key-teach-count p { font-size: clamp(1.3rem, 2.2vw, 3rem); line-height: 1.2; font-variant-numeric: tabular-nums; }
"""
_JS = """
export default function ({ data }) {
  document.documentElement.lang = data.language
}
"""


def presenter(at: str) -> Pressed | None:
    """Makes the page so as long as it draws this; which key was pressed, as `presenters_keys`."""
    # registered with each mount: a name that the server has forgotten would not be there
    frame = st.components.v2.component("lesionlab.presenter", css=_CSS, js=_JS, isolate_styles=False)
    with st.container(gap=None):  # neither takes room
        frame(data={"language": spoken().code}, key="teach.frame")
        return presenters_keys(at)
