"""A page for the browser test of `pipeline.shown`: hostile texts in the places where the app draws texts."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.shown import as_lines, as_text
from tests.hostile.texts import KNOWN, random_texts

TEXTS = [*KNOWN, *random_texts(300, seed=7)]
NOTHING = "nothing"  # in a place of its own
EVERY = 12  # of the texts one goes into places that are slow to draw

if __name__ == "__main__":
    st.title("Texts")
    for number, text in enumerate(TEXTS):
        with st.container(key=f"text-{number}"):
            alone = as_text(text) if text.strip() else NOTHING
            st.markdown(f"({as_text(text)})")
            st.markdown(alone)
            st.caption(f"**{as_text(text)}** end")
            st.markdown(f"- {as_text(text)}")
            if number % EVERY == 0:
                st.markdown(f"##### {as_text(text)} x")
                st.button(f"x {as_text(text)}", key=f"button-{number}")
                st.info(alone, icon=":material/info:")
                st.metric(f"x {as_text(text)}", 1)
                st.progress(0.5, text=f"x {as_text(text)}")
                st.checkbox(f"x {as_text(text)}", key=f"checkbox-{number}")
    with st.container(key="lines"):
        st.markdown(as_lines("- one\n- two\n\n# three"))
    st.text("All drawn")
