"""Data sets: what one holds in numbers, and its images as a wall. The address opens the same view again."""

import streamlit as st

from app.addresses.links import GET_DATA, go, linked, remember
from app.components import problems
from app.components.data.dataset_counts import crossed, diagnoses, problems_of_import, take_click, what_is_missing
from app.components.data.image_wall import drop_gone_filters, filters_in_address, image_wall
from app.components.pickers import pick
from app.loaders import resources
from pipeline.data.dataset import Dataset, damaged_datasets
from pipeline.images.generated import NOTICE
from pipeline.number_words import count
from pipeline.shown import as_text

_VIEWS = {"counts": "Counts", "images": "Images"}


def _nothing_yet() -> None:
    if problem := linked("data", []).problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown(
        "A data set shows here what it holds: images and lesions of each diagnosis, by age, sex, localization, how the "
        "truth was established and image source; what is missing; and every image, filtered by any of these."
    )
    if st.button("Bring in images", type="primary", key="to_data", icon=":material/input:"):
        go(GET_DATA)


def _view() -> str:
    """The part of the page that the address asks for, with the control to change it."""
    asked = st.query_params.get("view")
    usual = "images" if filters_in_address() else "counts"
    if asked is not None and asked not in _VIEWS:
        st.warning(as_text(f"The address names the view {asked[:80]}, which is not here. Shown instead: "
                           f"{_VIEWS[usual].lower()}."), icon=":material/link_off:")
    view = asked if asked in _VIEWS else usual
    st.session_state["dataset.view"] = view
    st.radio("View", list(_VIEWS), key="dataset.view", format_func=_VIEWS.get, horizontal=True,
             label_visibility="collapsed", on_change=lambda: remember(view=st.session_state["dataset.view"]))
    return view


def _counts(dataset: Dataset, rows) -> None:
    diagnoses(dataset, rows)
    st.subheader("Cross-tables")
    crossed(dataset, rows)
    st.subheader("What is missing")
    what_is_missing(dataset, rows)
    problems_of_import(dataset)


def main() -> None:
    title, right = st.columns([3, 2], vertical_alignment="bottom")
    title.title("Dataset")
    for error in damaged_datasets(resources.workspace()).values():
        problems.show(error)
    by_name = {dataset.name: dataset for dataset in resources.datasets()}
    if not by_name:
        _nothing_yet()
        return
    take_click()
    with right:
        name = pick("Data set", "data", list(by_name), default=next(iter(by_name)),
                    words=lambda name: f"{name} ({count(by_name[name].images, 'image')})")
    dataset = by_name[name]
    metadata = resources.metadata(dataset)
    rows = resources.factors(dataset)
    if st.session_state.get("dataset.shown", name) != name:
        drop_gone_filters(rows)
    st.session_state["dataset.shown"] = name
    st.markdown(as_text(
        f"{count(dataset.images, 'image')} of {count(dataset.lesions, 'lesion')}, {len(dataset.classes)} diagnoses. "
        f"Licence: {dataset.licence}. Attribution: {dataset.attribution}."
    ))
    if dataset.generated:
        st.caption(f":material/draw: The images of this data set are {NOTICE}.")
    if _view() == "images":
        image_wall(dataset, metadata, rows)
    else:
        _counts(dataset, rows)


main()
