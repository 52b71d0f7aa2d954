"""A run's view that follows it: drawn again every second until it ends; and the buttons that stop it and go on."""

import contextlib
from collections.abc import Callable

import streamlit as st

from app.components import problems
from app.loaders import resources
from pipeline.errors import RunError
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED, Status


def watch(run: RunDir, draw: Callable[[RunDir, Status], None]) -> None:
    """Draws the run; while it is not at its end the view refreshes itself every second."""
    state = run.status().state
    st.fragment(_view, run_every=None if state in ENDED else "1s")(run, state, draw)


def _view(run: RunDir, drawn_as: str, draw: Callable[[RunDir, Status], None]) -> None:
    with problems.in_words():
        status = run.status()
        if status.state != drawn_as:
            st.rerun()  # the whole page: its other parts say the state too, and at the end polling has to stop
        draw(run, status)


def stop(run: RunDir) -> None:
    """Asks the run to stop; for callbacks."""
    from pipeline.jobs.launch import request_stop

    with contextlib.suppress(RunError):  # it ended between the last look and the click: the page shows how
        request_stop(run)


def resume(run: RunDir) -> None:
    """Lets a run that broke off go on; for callbacks."""
    from pipeline.jobs.launch import resume_run

    with problems.in_words():
        resume_run(resources.workspace(), run)
