"""Explore: a run's held-out images behind one filter bar, as a wall or a map, and the teaching sets made of them."""

import streamlit as st

from app.addresses.links import remember
from app.components import problems
from app.components.cases.case_wall import case_wall, order_box
from app.components.cases.map_panel import map_panel, take_outline
from app.components.cases.set_maker import set_maker
from app.components.cases.teaching_sets import csv_button, teaching_sets
from app.components.run_page import chosen_run, copies_note, folds_note, images_not_here, not_evaluated
from app.filters.case_filters import found_cases
from app.filters.filter_address import Asked, read_address
from app.filters.filter_bar import clear_filters, filter_bar, folded_in_words, in_words
from app.loaders import case_tables, resources
from app.loaders.run_data import dataset_of, found_data
from app.words import first_bundled_words
from pipeline.images.generated import NOTICE
from pipeline.metrics.case_table import in_order
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import read_remarks, taught_data
from pipeline.shown import as_text

_VIEWS = {"images": "Images", "map": "Map", "sets": "Teaching sets"}
_NOTHING_YET = (
    "Every held-out image of a finished run stands here, behind one filter bar: by truth, prediction, confidence, "
    "loss, age, sex, localization, image source, and where two networks disagree. What you select becomes a "
    "teaching set; a map shows which images the network finds alike."
)


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


def _images(run: RunDir, found, remarks) -> None:
    dataset = dataset_of(run)
    if found.empty:
        st.info("No image has all of these. Take a filter out.")
        return
    case_wall(run, found, dataset, remarks)


def _under_the_bar(run: RunDir, cases, found, asked: Asked, view: str, sets, remarks, told: str) -> None:
    problems.said()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.markdown(in_words(len(found), found["lesion_id"].nunique(), len(cases), asked), width="content")
        st.button("Show all", key="explore.clear", disabled=not asked.any, on_click=clear_filters,
                  icon=":material/filter_alt_off:")
        csv_button(run, found, remarks)
        if view == "images":
            set_maker(run, found, sets)
            with st.container(width=240):
                order_box(asked)
    if told:
        st.caption(f":material/tune: {told}.")


def _explore(run: RunDir) -> None:
    cases, known = case_tables.cases(run), case_tables.known(run)
    if cases.empty:
        st.info(f"The run {as_text(run.name)} held no image out, so there is none that it judged without having "
                "learnt it.")
        return
    take_outline(run)
    can = run.capabilities()
    dataset, _, note = found_data(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = _view()
        folds_note(can)
        copies_note(note)
    if dataset is None and not can.names_its_data:
        images_not_here()
    elif dataset is None:
        st.info(f"The data set {as_text(run.config().data)} is no longer here, so neither its images nor what is known "
                "of the patients can be shown.")
    elif dataset.generated:
        st.caption(f":material/draw: The images of this run are {NOTICE}.")
    sets = known.sets
    remarks = read_remarks(resources.workspace(), taught_data(run))
    if view == "sets":
        teaching_sets(run, cases, sets, remarks)
        return
    asked = read_address(st.query_params.to_dict(), known)
    cases = case_tables.cases(run, asked.decision)
    filter_bar(known, asked)
    found = in_order(found_cases(run, known, asked.values), asked.order)
    _under_the_bar(run, cases, found, asked, view, sets, remarks, folded_in_words(known, asked))
    if view == "map" and not can.has_neighbours:
        st.info(first_bundled_words.NO_NEIGHBOURS)
    elif view == "map":
        map_panel(run, cases, found, case_tables.places(run))
    else:
        _images(run, found, remarks)


def main() -> None:
    head = chosen_run("Explore", [2, 3], _NOTHING_YET, preferred=lambda run: run.predictions_path.exists())
    if head is None:
        return
    run, _ = head
    if not run.predictions_path.exists():
        not_evaluated(run, "Its images appear")
        return
    with problems.in_words():
        _explore(run)


main()
