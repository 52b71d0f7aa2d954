"""One evaluation of a model on a data set as it goes: progress, the button that stops it, and what is to know of it."""

import streamlit as st

from app.access import Right, later, may
from app.addresses.links import ERRORS, EVALUATION, go
from app.components.long_work import job_bar, resume, stop, stop_label, watch
from app.components.pickers import state_words
from app.words.evaluation_words import headline
from pipeline.errors import RunError
from pipeline.files.workspace import error_words
from pipeline.jobs.evaluating import overlap_path
from pipeline.number_words import count, rough_duration
from pipeline.runs.resume import can_resume
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED, Status
from pipeline.shown import as_plain, as_text

STOP = "Stop this evaluation"


def evaluation_run(run: RunDir) -> None:
    """Shows the evaluation; while it is not at its end the view refreshes itself every second."""
    watch(lambda: [run], _view)


def _view(run: RunDir, status: Status) -> None:
    st.markdown(f"### {as_text(run.name)}: {state_words(run)}")
    if status.state == "done":
        _done(run, status)
    elif status.state in ENDED:
        _broken_off(run, status)
    else:
        _active(run, status)
    # what it chose by itself while it worked stands behind what the plan said
    st.markdown("\n".join(f"- {as_text(error_words(sentence))}" for sentence in status.notes))
    _left_out(run)


def _active(run: RunDir, status: Status) -> None:
    stopping = job_bar(run, status)
    st.button(stop_label(status, STOP), disabled=stopping, key=f"stop.{run.name}",
              icon=":material/stop_circle:", on_click=stop, args=(run,))


def _done(run: RunDir, status: Status) -> None:
    figures = (run.results() or {}).get("test")
    if figures is None:
        raise RunError(f"The evaluation {run.name} has no figures.", "Start it again, or compute them: `python -m "
                       f"pipeline evaluate {run.name}`.")
    took = f" It took {rough_duration(status.seconds)}." if status.seconds else ""
    reached = headline(figures, bounded=True)
    st.success(as_text(
        f"{reached[0].upper()}{reached[1:]} on {count(figures['images'], 'image')} of "
        f"{count(figures['lesions'], 'lesion')}; in brackets 95 % intervals.{took}"
    ), icon=":material/check:")
    with st.container(horizontal=True):
        if st.button("Study its errors", type="primary", key="to_results", icon=":material/grid_on:"):
            go(ERRORS, run=run.name)
        if st.button("All its figures", key="to_evaluation", icon=":material/fact_check:"):
            go(EVALUATION, run=run.name)


def _broken_off(run: RunDir, status: Status) -> None:
    kept = "The images that it has judged are kept." if run.goes_on else "Nothing of it is kept."
    words = f"{error_words(status.error or status.doing)} {kept}"
    (st.info if status.state == "cancelled" else st.error)(as_text(words))
    if can_resume(run) and may(Right.TRAIN):
        st.button("Go on" if run.goes_on else "Start it once more", type="primary", key=f"resume.{run.name}",
                  icon=":material/resume:", on_click=resume, args=(run,))


def _left_out(run: RunDir) -> None:
    images = (run.evaluation() or {})["overlap"]["images"]
    path = overlap_path(run)
    if images and path.exists() and may(Right.TAKE_AWAY):
        st.download_button(
            f"The {count(images, 'image')} that it was trained on, as CSV", later(Right.TAKE_AWAY, path.read_bytes),
            f"{as_plain(run.name)}-overlap.csv", "text/csv", key=f"overlap.{run.name}", icon=":material/download:",
        )
