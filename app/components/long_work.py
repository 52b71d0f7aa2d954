"""Work of seconds to minutes in the page: a bar, a sentence, and a button that ends it."""

import contextlib
import time

import streamlit as st

from pipeline.errors import LesionLabError
from pipeline.shown import as_text

_SECONDS_BETWEEN_UPDATES = 0.15


@contextlib.contextmanager
def progress_bar(sentence: str, key: str):
    """Yields a `pipeline.progress.Progress` that draws itself.

    Cancel needs no code: a click makes Streamlit leave this script at the next update, and what runs in the block
    cleans up behind itself.
    """
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text=as_text(sentence))
        st.button("Cancel", key=f"{key}.cancel", icon=":material/close:")
    last = [0.0, 0.0]  # time of the last update, fraction

    def progress(fraction: float | None, words: str) -> None:
        now = time.monotonic()
        last[1] = last[1] if fraction is None else min(max(fraction, 0.0), 1.0)
        if now - last[0] > _SECONDS_BETWEEN_UPDATES or last[1] == 1.0:
            last[0] = now
            bar.progress(last[1], text=as_text(words))

    try:
        yield progress
    except LesionLabError:
        place.empty()  # the error's words stand alone; a cancelled script cannot draw any more
        raise
    place.empty()
