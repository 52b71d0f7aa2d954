"""Train: bring images in, choose, start, watch; and search the learning rate of it."""

import streamlit as st

from app.access import Right, may, not_offered
from app.addresses.links import GET_DATA, linked, remember
from app.addresses.visits import mark
from app.components import problems
from app.components.data.data_intake import Pending, datasets_here, import_form
from app.components.data.generated_drawing import draw_button, take_drawings
from app.components.page_tabs import tabbed_head
from app.components.pickers import pick_run
from app.components.training.live_run import live_run, runs_ahead, waiting_runs
from app.components.training.rates_tab import rates_tab
from app.components.training.train_form import train_form
from app.loaders import resources
from pipeline.data.embedded import NAME as GENERATED
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_TABS = {"train": "Training", "learning-rate": "Learning rate"}


def _data_first() -> Pending | None:
    st.markdown("A network learns from images with known diagnoses. Here they will be listed; none is there yet.")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Generated images")
        st.markdown(
            "600 drawings with seven diagnoses, made on this computer. They show the whole way; "
            "they are test data, **generated – not for learning dermoscopy**."
        )
        draw_button(primary=True)
    with right:
        st.subheader("Your images")
        return import_form()


def _shown_run(runs: list[RunDir]) -> RunDir | None:
    """The run of the address, else the one at work, else one that waits; else none unless the address asked."""
    states = {run.name: run.status().state for run in runs}
    active = [run for run in runs if states[run.name] == "running"] or [
        run for run in reversed(runs) if states[run.name] == "queued"
    ]
    link = linked("run", list(states))
    if not runs:
        if link.problem:
            st.warning(as_text(link.problem), icon=":material/link_off:")
        return None
    if not active and not link.value and not link.problem:
        return None
    return pick_run(runs, active[0] if active else runs[0])


def main() -> None:
    take_drawings()
    problems.said()
    tab, place = tabbed_head("Train", _TABS)
    if tab == "learning-rate":
        rates_tab()
        return
    datasets, runs = resources.datasets(), resources.own_runs()
    with place:
        shown = _shown_run(runs)
    with st.container():  # one place, so that the form below stays where it is when runs come and go
        if shown:
            live_run(shown)
            st.divider()
        waiting_runs(runs, shown)
    if not may(Right.TRAIN):
        not_offered(Right.TRAIN, "Training")
        _earlier(runs, shown)
    elif work := _forms(datasets, runs, shown) if datasets else _data_first():
        work()


def _earlier(runs: list[RunDir], shown: RunDir | None) -> None:
    """The choice of a run, where none is shown."""
    if runs and not shown:
        st.subheader("Runs so far")
        names = [run.name for run in runs]
        st.selectbox("Show a run", names, index=None, key="earlier", placeholder="Choose a run",
                     on_change=lambda: remember(run=st.session_state["earlier"]))


def _forms(datasets, runs: list[RunDir], shown: RunDir | None) -> Pending | None:
    """The form of a new run, the earlier runs, and what concerns data."""
    st.subheader("A new run")
    train_form(datasets, runs_ahead(runs))
    _earlier(runs, shown)
    with st.expander("Data sets", icon=":material/database:"):
        datasets_here(datasets)
        st.page_link(GET_DATA.page, label="More ways to get data", icon=":material/download:",
                     query_params={**GET_DATA.values, **mark()})
        if all(dataset.name != GENERATED for dataset in datasets):
            draw_button(primary=False)
        return import_form()


main()
