"""The page of a class as a phone shows it: no menu, no toolbar, hardly a margin, and the language that it is in."""

import streamlit as st

from app.words.spoken import spoken

# below Streamlit's own containers, so not kept within the component
_CSS = """
header[data-testid="stHeader"], [data-testid="stSidebar"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 0.5rem 0.75rem; max-width: 70rem; }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-testid="stMainBlockContainer"] button { min-height: 44px; }
[data-testid="stMainBlockContainer"] input { min-height: 44px; }
"""
_JS = """
export default function ({ data }) {
  document.documentElement.lang = data.language
}
"""


def phone_frame() -> None:
    """Makes it so, as long as the page draws it."""
    # registered with each mount: a name that the server has forgotten would not be there
    frame = st.components.v2.component("lesionlab.phone_frame", css=_CSS, js=_JS, isolate_styles=False)
    frame(data={"language": spoken().code}, key="classroom.frame")
