"""Starting a learning-rate search, and watching it: the curve grows as the batches come."""

import streamlit as st

from app.access import Right, may, not_offered, require
from app.addresses.links import remember
from app.charts.rates import rates_figure, rates_table
from app.components import problems
from app.components.figures import dark, show
from app.components.long_work import job_bar, stop, stop_label, watch
from app.loaders import resources
from pipeline.configuration.presets import PRESETS
from pipeline.files.workspace import error_words
from pipeline.jobs.launch import start_search
from pipeline.runs.lineage import kept_stages
from pipeline.runs.run_dir import RunDir
from pipeline.runs.searches import plan_first_search, plan_search, read_found
from pipeline.runs.status import ENDED, Status
from pipeline.shown import as_text
from pipeline.training.rate_rules import VERDICTS

SEARCH = "Search the learning rate"
_BEGINNING = ""


def _starts() -> dict[str, str]:
    """Where a search can start: "" for a preset's beginning, or RUN:STAGE; each in words."""
    starts = {_BEGINNING: "At the beginning of a preset"}
    for run in resources.own_runs():
        stages = run.config().stages
        starts |= {f"{run.name}:{n}": f"{run.name}, after stage {n}: {stages[n - 1].words}" for n in kept_stages(run)}
    return starts


def _take_address(starts: dict[str, str]) -> None:
    """Moves `start` of the address into the form, once; says where it is not here."""
    asked = st.query_params.get("start")
    if asked is None:
        return
    remember(start=None)
    if asked in starts:
        st.session_state["rates.start"] = asked
    else:
        st.warning(as_text(f"The address names the stage {asked[:80]}, whose weights are not here (any more)."),
                   icon=":material/link_off:")


def search_form() -> None:
    """The choice of a starting point, and the button."""
    if not may(Right.TRAIN):
        not_offered(Right.TRAIN, "Searching the learning rate")
        return
    starts = _starts()
    _take_address(starts)
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    start = left.selectbox("Starting point", list(starts), format_func=starts.get, key="rates.start",
                           help="After a stage: its weights, with all layers to be trained. At the beginning: the "
                           "preset's own first stage.")
    if start == _BEGINNING:
        names = [dataset.name for dataset in resources.datasets()]
        data = middle.selectbox("Data set", names, key="rates.data", help="Images with known diagnoses.")
        preset = right.selectbox("Preset", list(PRESETS), key="rates.preset", help=PRESETS[
            st.session_state.get("rates.preset", next(iter(PRESETS)))].line + ".")
    if st.button(SEARCH, type="primary", key="rates.search", icon=":material/search:"):
        with problems.in_words():
            require(Right.TRAIN, "searches a learning rate")
            place = resources.workspace()
            config = plan_search(place, start) if start else plan_first_search(place, data, preset, [])
            remember(search=start_search(place, config).name)
            st.rerun()


def search_view(search: RunDir) -> None:
    """The search's curve; while it is not at its end the view refreshes itself every second."""
    watch(lambda: [search], _view)


def _view(search: RunDir, status: Status) -> None:
    found = read_found(search)
    if status.state not in ENDED:
        stopping = job_bar(search, status)
        if may(Right.STOP):
            st.button(stop_label(status, "Stop the search"), key=f"rates.stop.{search.name}", disabled=stopping,
                      on_click=stop, args=(search,), icon=":material/stop_circle:")
    elif status.state == "done" and found:
        (st.success if found["verdict"] == "usable" else st.warning)(VERDICTS[found["verdict"]])
    else:
        st.error(as_text(error_words(status.error or f"{status.doing} Start it again.")), icon=":material/error:")
    table = rates_table(resources.events(search))
    if table.empty:
        st.info("The curve appears here with the first batches.", icon=":material/show_chart:")
        return
    show(rates_figure(table, found, dark()), table, f"{search.name}-curve", key=f"rates.curve.{search.name}")
