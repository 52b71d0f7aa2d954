"""The ticked images of a run: a box on each card, and the bar with their count at the foot of the window.

A tick draws the bar anew and nothing else: the page, its wall and its pictures stay as they are. The first tick, which
brings the bar, and the last one to go draw the page.
"""

from collections.abc import Iterable

import streamlit as st

from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

BAR = "teaching.bar"  # the fragment that tells the count; a page with ticks draws it


def ticked(run: RunDir) -> set[str]:
    """The images of the run that this visitor has ticked."""
    return st.session_state.setdefault(f"explore.selected.{run.name}", set())


def tick(run: RunDir, image_id: str) -> None:
    """The box of one card."""
    key = f"explore.tick.{image_id}"
    st.session_state[key] = image_id in ticked(run)
    st.checkbox(f"Select {as_text(image_id)}", key=key, on_change=_take, args=(run, image_id),
                label_visibility="collapsed")


def _take(run: RunDir, image_id: str) -> None:
    bar = bool(ticked(run))
    (ticked(run).add if st.session_state[f"explore.tick.{image_id}"] else ticked(run).discard)(image_id)
    if bar and ticked(run):
        st.rerun(BAR)


def tick_all(run: RunDir, images: Iterable[str]) -> None:
    """Ticks all of them, as a button's callback: the whole page shows it."""
    ticked(run).update(images)


def untick_all(run: RunDir) -> None:
    """Takes all ticks away, as a callback of a button in the bar: the whole page shows it."""
    ticked(run).clear()
    st.rerun()


def ticked_words(run: RunDir) -> str:
    """ "3 images selected", as markdown."""
    return f"**{count(len(ticked(run)), 'image')}** selected"
