"""The audit of a data set as a job: the button that starts it, and how far it is wherever the visitor looks."""

import streamlit as st

from app.components import problems
from app.loaders import resources
from pipeline.data.dataset import Dataset
from pipeline.errors import LesionLabError
from pipeline.jobs.auditing import Auditing
from pipeline.number_words import rough_duration
from pipeline.shown import as_text

_KEPT = "leakage.audit"
_WHAT = ("It looks at every image once, with a network that knows nothing of this data set, and takes a few minutes "
         "for 10,000 images.")


def _kept() -> tuple[str, Auditing] | None:
    return st.session_state.get(_KEPT)


def audit_button(dataset: Dataset, label: str) -> None:
    """The button that starts the audit; disabled while this visitor's audit of a data set is at work."""
    kept = _kept()
    if st.button(label, key="audit.start", type="primary", disabled=kept is not None, icon=":material/policy:",
                 help=_WHAT):
        with problems.in_words():
            st.session_state[_KEPT] = (dataset.name, Auditing(resources.workspace(), dataset.name))
            st.rerun()
    if kept and kept[0] != dataset.name:
        st.caption(as_text(f"The data set {kept[0]} is being audited."))


def audit_at_work() -> None:
    """How far this visitor's audit is, whichever data set is shown; nothing without one."""
    with st.container():  # one place, so that what follows keeps its own
        if _kept():
            st.fragment(_watch, run_every="1s")()


def _watch() -> None:
    kept = _kept()
    if kept is None:
        return
    job = kept[1]
    if not job.running:
        del st.session_state[_KEPT]
        try:
            seconds = job.result()["seconds"]
        except LesionLabError as error:
            st.session_state["leakage.problem"] = error
        else:
            problems.say_later(f"Audited {kept[0]} in {rough_duration(seconds)}.")
        st.rerun()
    bar, button = st.columns([4, 1], vertical_alignment="center")
    fraction, sentence = job.step()
    bar.progress(fraction, text=as_text(f"Audits {kept[0]}: {sentence}"))
    if button.button("Cancel", key="audit.cancel", icon=":material/close:"):
        job.cancel()
        del st.session_state[_KEPT]
        st.rerun()


def audit_problem() -> None:
    """Why the last audit broke off, once."""
    if error := st.session_state.pop("leakage.problem", None):
        problems.show(error)
