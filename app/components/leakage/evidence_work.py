"""The measurement of a run's evidence while it is at work in a process of its own: it starts by itself, once."""

import streamlit as st

from app.components import problems
from app.loaders import resources
from pipeline.errors import LesionLabError
from pipeline.jobs.measuring import Measuring
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_KEPT, _PROBLEM = "leakage.measuring", "leakage.measuring.problem"


def evidence_at_work(run: RunDir) -> None:
    """How far it is, or why it broke off; the page is drawn again when it is done."""
    broken = st.session_state.get(_PROBLEM)
    if broken and broken[0] == run.name:
        problems.show(broken[1])
        if st.button("Try again", key="evidence.again", icon=":material/refresh:"):
            del st.session_state[_PROBLEM]
            st.rerun()
        return
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] != run.name:
        if kept is not None:
            kept[1].cancel()
        st.session_state[_KEPT] = (run.name, Measuring(resources.workspace(), run))
    st.fragment(_watch, run_every="1s")()


def _watch() -> None:
    kept = st.session_state.get(_KEPT)
    if kept is None:
        return
    name, work = kept
    if work.running:
        fraction, sentence = work.step()
        st.progress(fraction, text=as_text(f"{name}: {sentence}"))
        return
    del st.session_state[_KEPT]
    try:
        work.result()
    except LesionLabError as error:
        st.session_state[_PROBLEM] = (name, error)
    st.rerun()
