"""One run as it goes: its state in words, progress, what it shows of itself, and the button that stops it.

The page only reads what the trainer writes; closing or refreshing it changes nothing.
"""

import streamlit as st

from app.access import Right, may
from app.addresses.links import CLASSIFY, ERRORS, go
from app.components.long_work import job_bar, resume, stop, stop_label, watch
from app.components.pickers import STATE_WORDS
from app.components.runs.evaluation_run import evaluation_run
from app.components.training.run_curves import run_curves
from app.loaders import resources
from pipeline.files.workspace import error_words
from pipeline.number_words import rough_duration
from pipeline.runs.resume import can_resume
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED, Status
from pipeline.shown import as_text

STOP = "Stop this run"
RESUME, BEGIN = "Resume this run", "Start it at its beginning"
_WORDS = {
    "failed": "",
    "interrupted": "Perhaps the computer was restarted, or its memory ran out.",
    "cancelled": "Its curves stay; it has no model.",
}
_GO_ON = "It can go on from its last full epoch."
_NOTHING = "No epoch of it was finished, so it would start at its beginning."
_NEW = {"failed": "Change what the sentence names and start again below.", "cancelled": "Start a new run below."}


def live_run(run: RunDir) -> None:
    """Shows the run; while it is not at its end the view refreshes itself every second."""
    if run.capabilities().kind == "evaluation":
        evaluation_run(run)
        return
    watch(lambda: [run], _view)


def _view(run: RunDir, status: Status) -> None:
    _headline(run, status)
    run_curves(run, status.state)


def _headline(run: RunDir, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"### {as_text(run.name)}: {STATE_WORDS[status.state]}", width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _about(run, status)
            if status.state not in ENDED and may(Right.STOP):
                _stop_button(run, status)
    if status.state in ENDED:
        _ended(run, status)
    else:
        job_bar(run, status, "Leaves the queue" if status.state == "queued" else "Stops within two batches")


def _about(run: RunDir, status: Status) -> None:
    config = run.config()
    with st.popover("About this run", icon=":material/info:", type="tertiary"):
        st.markdown(as_text(
            f"Data set {config.data}, preset {config.preset}, {config.arch} at {config.width}×{config.height} "
            f"pixels, batches of {config.batch_size}, seed {config.seed}. "
            f"Device: {status.device or 'not known before the start'}. {error_words(' '.join(status.notes))}"))


def _stop_button(run: RunDir, status: Status) -> None:
    what = "It has not begun, so nothing is lost." if status.state == "queued" else (
        "Training ends within two batches. The curves stay, but a stopped run gives no model until it is resumed.")
    st.button(stop_label(status, STOP), disabled=run.stop_path.exists(), key=f"stop.{run.name}",
              icon=":material/stop_circle:", on_click=stop, args=(run,), help=what)


def _ended(run: RunDir, status: Status) -> None:
    took = f" It took {rough_duration(status.seconds)}." if status.seconds else ""
    if status.state == "done":
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/check: Training and evaluation are done.{took}", width="content")
            if st.button("Study its errors", type="primary", key="to_results", icon=":material/grid_on:"):
                go(ERRORS, run=run.name)
            if st.button("Classify images with it", key="to_classify", icon=":material/image_search:"):
                go(CLASSIFY, model=run.name)
    else:
        _broken_off(run, status)


def _broken_off(run: RunDir, status: Status) -> None:
    """What ended it and what can be done now, with the button that goes on where that can be."""
    resumable, goes_on = can_resume(run), run.goes_on
    way_on = (_GO_ON if goes_on else _NOTHING) if resumable else _NEW[status.state]
    words = " ".join(filter(None, [error_words(status.error or status.doing), _WORDS[status.state], way_on]))
    (st.info if status.state == "cancelled" else st.error)(as_text(words))
    if resumable and may(Right.TRAIN):
        st.button(RESUME if goes_on else BEGIN, type="primary", key=f"resume.{run.name}", icon=":material/resume:",
                  on_click=resume, args=(run,), help=waits_words(runs_ahead(resources.own_runs())))


def runs_ahead(runs: list[RunDir]) -> list[str]:
    """The names of those of `runs` for which a new one on this computer would wait: at work, or waiting already."""
    statuses = [(run.name, run.status()) for run in runs]
    return [name for name, status in statuses if status.state not in ENDED and status.here]


def waits_words(ahead: list[str]) -> str | None:
    """For a button that starts a run: for which others it would wait; None where it would not."""
    if not ahead:
        return None
    return as_text(f"One run at a time trains on this computer: it begins when {', '.join(ahead)} "
                   f"{'has' if len(ahead) == 1 else 'have'} ended.")


def waiting_runs(runs: list[RunDir], shown: RunDir | None) -> None:
    """The queue in words."""
    waiting = [run for run in reversed(runs) if run.status().state == "queued" and run != shown]
    if waiting:
        names = ", ".join(as_text(run.name) for run in waiting)
        st.caption(f"Waiting for the device, first come first served: {names}.")
