"""Data sets: what is here, as images and in numbers, and every way to bring more. The address opens the same view."""

import streamlit as st

from app.addresses.links import linked, remember
from app.components import problems
from app.components.data.dataset_counts import crossed, diagnoses, problems_of_import, take_click, what_is_missing
from app.components.data.generated_drawing import take_drawings
from app.components.data.get_data_fetches import fetches_here
from app.components.data.get_data_panel import get_data_panel
from app.components.data.image_wall import drop_gone_filters, image_wall
from app.components.pickers import pick
from app.components.run_page import chip
from app.components.train_way import train_way
from app.loaders import resources
from pipeline.data.dataset import Dataset, damaged_datasets
from pipeline.images.generated import NOTICE
from pipeline.number_words import count
from pipeline.shown import as_text

_VIEWS = {"images": "Images", "counts": "Counts", "get": "Get more"}
_SHOWN = "dataset.shown"  # the data set that was drawn last


def _view() -> str:
    """The part of the page that the address asks for, with the control to change it."""
    asked = st.query_params.get("view")
    usual = next(iter(_VIEWS))
    if asked is not None and asked not in _VIEWS:
        st.warning(as_text(f"The address names the view {asked[:80]}, which is not here. Shown instead: "
                           f"{_VIEWS[usual].lower()}."), icon=":material/link_off:")
    view = asked if asked in _VIEWS else usual
    st.session_state["dataset.view"] = view
    st.radio("View", list(_VIEWS), key="dataset.view", format_func=_VIEWS.get, horizontal=True,
             label_visibility="collapsed", on_change=lambda: remember(view=st.session_state["dataset.view"]))
    return view


def _about(dataset: Dataset) -> None:
    """What it is in a line, and behind a click its terms and what holds for it as a whole."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(as_text(f"{count(dataset.images, 'image')} of {count(dataset.lesions, 'lesion')}, "
                            f"{count(len(dataset.classes), 'diagnosis', 'diagnoses')}."), width="content")
        chip("Licence and notes", "  \n".join([
            as_text(f"Licence: {dataset.licence}. {dataset.attribution.rstrip('.')}."),
            *(f"\n- {as_text(note)}" for note in dataset.notes),
        ]), "info")
        train_way("Train on it", primary=False, data=dataset.name)
    if dataset.generated:
        st.caption(f":material/draw: The images of this data set are {NOTICE}.")


def _counts(dataset: Dataset, rows) -> None:
    diagnoses(dataset, rows)
    st.subheader("Cross-tables")
    crossed(dataset, rows)
    st.subheader("What is missing")
    what_is_missing(dataset, rows)
    problems_of_import(dataset)


def _nothing_yet() -> None:
    """An empty page is the ways to fill it; what comes is then shown first."""
    remember(view=None)
    if problem := linked("data", []).problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown("No data set is here yet. Each of these ways brings one; its images then appear here.")


def main() -> None:
    take_drawings()
    problems.said()
    title, right = st.columns([3, 2], vertical_alignment="bottom")
    title.title("Data sets")
    for error in damaged_datasets(resources.workspace()).values():
        problems.show(error)
    fetches = fetches_here()
    by_name = {dataset.name: dataset for dataset in resources.datasets()}
    if not by_name:
        _nothing_yet()
        get_data_panel(set(), fetches)
        return
    take_click()
    with right:
        first = next((name for name, dataset in by_name.items() if not dataset.generated), next(iter(by_name)))
        name = pick("Data set", "data", list(by_name), default=first,
                    words=lambda name: f"{name} ({count(by_name[name].images, 'image')})")
    dataset = by_name[name]
    rows = resources.factors(dataset)
    if st.session_state.get(_SHOWN, name) != name:
        drop_gone_filters(rows)
    st.session_state[_SHOWN] = name
    view = _view()
    if view == "get":
        get_data_panel(set(by_name), fetches)
        return
    _about(dataset)
    if view == "images":
        image_wall(dataset, resources.metadata(dataset), rows)
    else:
        _counts(dataset, rows)


main()
