"""From a row of counts to its images: chosen in its table, in its chart or in a box, and opened on Errors."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from app.addresses.links import ERRORS, Way
from pipeline.shown import as_text


def _box(key: str) -> str:
    return f"{key}.row"


def way_links(ways: Sequence[Way]) -> None:
    """The ways to at least one image, side by side."""
    with st.container(horizontal=True):
        for way in ways:
            if way.number:
                st.page_link(ERRORS, label=as_text(way.words), icon=":material/photo_library:", query_params=way.link,
                             width="content")


def row_ways(names: Sequence[str], ways: Callable[[int], Sequence[Way]], key: str) -> None:
    """The box that names a row, and the ways to its images.

    Args:
        names: of the rows; each once.
        ways: gives those of a row by its place.
        key: that of the table and the chart whose `row_chosen` and `point_chosen` fill the box.
    """
    if st.session_state.get(_box(key)) not in names:
        st.session_state[_box(key)] = None
    with st.container(width=420):
        chosen = st.selectbox("Open the images of", names, index=None, key=_box(key),
                              placeholder="Choose here, in the table or in the chart")
    if chosen is not None:
        way_links(ways(list(names).index(chosen)))


def row_chosen(key: str, names: Sequence[str]) -> None:
    """Takes the row that was just selected in the table `<key>.table` into the box; for its `on_select`."""
    rows = st.session_state[f"{key}.table"]["selection"]["rows"]
    st.session_state[_box(key)] = names[rows[0]] if rows else None


def chooses_row(figure: go.Figure, key: str, names: Sequence[str]) -> Callable[[], None]:
    """For the `on_select` of the chart `key`: takes the point that was clicked, whose `customdata` is the place of its
    row or begins with it, into the box. No point of the figure fades by it.
    """
    for trace in figure.data:
        trace.update(selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}})

    def chosen() -> None:
        points = st.session_state[key]["selection"]["points"]
        places = [point["customdata"] for point in points if point.get("customdata") is not None]
        if places:
            st.session_state[_box(key)] = names[places[0] if isinstance(places[0], int) else places[0][0]]

    return chosen
