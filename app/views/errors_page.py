"""Errors: the lesions that a run judged, as a wall beside the confusion matrix, as a map, as teaching sets, or with the
truth hidden; all behind one filter bar that stands in the address.
"""

import pandas as pd
import streamlit as st

from app.addresses.links import CLASSIFY, EVERYTHING, go, remember, written
from app.components import problems
from app.components.cases.map_panel import map_panel, take_outline
from app.components.cases.teaching_sets import csv_button, teaching_sets
from app.components.errors.confusion_panel import take_cell
from app.components.errors.hidden_truth import hidden_truth, hide_switch, hiding
from app.components.errors.wall_view import Shown, wall_view
from app.components.pickers import pick
from app.components.run_figures import figures_chip
from app.components.run_page import about_chips, chosen_run, classify_with_it, judged_images, not_evaluated
from app.filters.case_filters import found_cases, remaining
from app.filters.filter_address import CELL, Asked, asks_for_images, read_address
from app.filters.filter_bar import filter_bar, in_words
from app.filters.filter_kinds import Cases
from app.loaders import case_tables, resources
from app.loaders.case_tables import Known
from app.words import first_bundled_words
from app.words.evaluation_words import PART_WORDS
from pipeline.metrics.case_table import in_order
from pipeline.metrics.predictions_table import classes_of
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import Remark, read_remarks, taught_data
from pipeline.shown import as_text
from pipeline.vocabulary import HeldOutPart

_VIEWS = {"images": "Images", "map": "Map", "sets": "Teaching sets"}
_NOTHING_YET = (
    "A finished run shows here what its network got right and wrong: the confusion matrix, and beside it every lesion "
    "that the network had not learnt, behind one filter bar. What you select becomes a teaching set; a map shows which "
    "images the network finds alike."
)


def _part(cases: pd.DataFrame) -> HeldOutPart | None:
    """The part that the address or the user chose, the first one there is without a choice; None for both."""
    parts: list[HeldOutPart] = [part for part in PART_WORDS if (cases["part"] == part).any()]
    if len(parts) == 1:
        return parts[0]
    if st.query_params.get("part") == written(parts):
        remember(part=EVERYTHING)
    chosen = pick("Part", "part", [*parts, EVERYTHING], default=parts[0], words=lambda one: PART_WORDS.get(one, "Both"),
                  help="Images that the network was not trained on.")
    return None if chosen == EVERYTHING else chosen


def _of(table: pd.DataFrame, part: HeldOutPart | None) -> pd.DataFrame:
    return table if part is None else table[table["part"] == part]


def _view() -> str:
    asked = st.query_params.get("view", "images")
    if asked not in _VIEWS:
        st.warning(as_text(f"The address names the view {asked[:80]}, which is not here. Shown instead: images."),
                   icon=":material/link_off:")
        asked = "images"
    key = "explore.view"
    st.session_state[key] = asked
    st.radio("View", list(_VIEWS), key=key, format_func=_VIEWS.get, horizontal=True, label_visibility="collapsed",
             width="content",
             on_change=lambda: remember(view=None if st.session_state[key] == "images" else st.session_state[key],
                                        page=None))
    return asked


def _asked(known: Known, whole: pd.DataFrame, view: str) -> Asked:
    """What the address asks for; who asks for no images gets the wrong ones, where there are some."""
    if view == "images" and not asks_for_images(st.query_params.to_dict()):
        remember(right=EVERYTHING if whole["right"].all() else written(False))
    return read_address(st.query_params.to_dict(), known)


def _shown(run: RunDir, known: Known, asked: Asked, part: HeldOutPart | None) -> Shown:
    of_cell = {name: value for name, value in asked.values.items() if name in CELL}
    rows = found_cases(run, known, {name: value for name, value in asked.values.items() if name not in CELL})
    found = in_order(remaining(Cases(run, rows, known, of_cell)), asked.order)
    return Shown(part, _of(case_tables.cases(run, asked.decision), part), rows, found)


def _map(run: RunDir, shown: Shown, asked: Asked, remarks: dict[str, Remark]) -> None:
    found, can = shown.found, run.capabilities()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(in_words(len(found), found["lesion_id"].nunique(), len(shown.whole), asked), width="content")
        csv_button(run, found, remarks)
    if can.has_neighbours:
        map_panel(run, shown.whole, found, case_tables.places(run))
    else:
        st.info(first_bundled_words.NO_NEIGHBOURS)


def _judged(run: RunDir, part: HeldOutPart | None) -> None:
    """The views of the run's images with their reference diagnoses."""
    cases, known, results = case_tables.cases(run), case_tables.known(run), run.results() or {}
    with st.container(horizontal=True, vertical_alignment="center"):
        view = _view()
        for one in () if view == "sets" else [part] if part else PART_WORDS:
            figures_chip(run, results, one)
        about_chips(run)
    remarks = read_remarks(resources.workspace(), taught_data(run))
    if view == "sets":
        teaching_sets(run, cases, known.sets, remarks)
        return
    asked = _asked(known, _of(cases, part), view)
    filter_bar(known, asked)
    shown = _shown(run, known, asked, part)
    if view == "map":
        _map(run, shown, asked, remarks)
    else:
        wall_view(run, shown, asked, results.get(part), known.sets, remarks)


def _hidden(run: RunDir, part: HeldOutPart | None) -> None:
    rows = _of(resources.predictions(run), part)
    if judged := judged_images(run):
        hidden_truth(rows, classes_of(rows), judged, f"{run.name}.{part or 'both'}")


def main() -> None:
    head = chosen_run("Errors", [2, 4, 3], _NOTHING_YET, preferred=lambda run: run.predictions_path.exists())
    if head is None:
        return
    run, (choices,) = head
    if not run.predictions_path.exists():
        not_evaluated(run, "Its errors appear")
        return
    with problems.in_words():
        cases, can = case_tables.cases(run), run.capabilities()
        if cases.empty:
            st.info(f"The run {as_text(run.name)} held no image out, so there is none that it judged without having "
                    "learnt it.")
            return
        take_outline(run)
        take_cell()
        with choices.container(horizontal=True, vertical_alignment="bottom"):
            part = _part(cases)
            hide_switch()
        (_hidden if hiding() else _judged)(run, part)
        if can.has_folds:
            classify_with_it()
        elif can.has_model and run.model.exists() and st.button("Classify images with this model", key="to_classify",
                                                                icon=":material/image_search:"):
            go(CLASSIFY, model=run.name)


main()
