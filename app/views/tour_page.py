"""A tour of the bundled run's instructive errors: one lesion at a time, first the question and then the answer."""

import streamlit as st

from app.addresses.links import CLASSIFY, ERRORS, go, linked, remember
from app.components import problems
from app.components.tour_stop import tour_stop
from app.loaders.tour_lesions import stops, told
from pipeline.runs.run_dir import RunDir, bundled_run
from pipeline.shown import as_text

_TITLE = "Instructive errors"
_KEY = "tour.stop"


def _numbers(ids: list[str], here: str) -> None:
    """All stops by their numbers, one click each."""
    st.session_state[_KEY] = here
    st.radio("Error", ids, key=_KEY, format_func=lambda one: f"{ids.index(one) + 1:,}", horizontal=True,
             label_visibility="collapsed", width="content",
             on_change=lambda: remember(stop=st.session_state[_KEY], answer=None))


def _none(run: RunDir | None) -> None:
    """Where there is no bundled run, or another one, of whose errors nothing is told here."""
    st.title(_TITLE)
    if run is None:
        st.markdown("Errors of the model in the box stand here, a lesion at a time. This LesionLab has no such model.")
        if st.button("Classify images", key="tour.classify", icon=":material/image_search:"):
            go(CLASSIFY)
        return
    st.markdown("None of the errors that this tour tells of is one of the bundled run that is here.")
    if st.button("All its errors", key="tour.errors", icon=":material/grid_on:"):
        go(ERRORS, run=run.name)


def main() -> None:
    run = bundled_run()
    with problems.in_words():
        shown = stops(run) if run else {}
        if run is None or not shown:
            _none(run)
            return
        ids = list(shown)
        asked = linked("stop", shown)
        here = asked.value or ids[0]
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.title(_TITLE, width="content")
            _numbers(ids, here)
        if asked.problem:
            st.warning(as_text(asked.problem), icon=":material/link_off:")
        tour_stop(run, shown[here], ids, told(run))


main()
