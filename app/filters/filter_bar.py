"""The one filter bar over a run's images: right or wrong, what is folded, and a chip for each filter in force. Every
choice stands in the address, and the address fills the bar.
"""

import streamlit as st

from app.addresses.links import EVERYTHING, remember
from app.filters.case_filters import FILTERS
from app.filters.filter_address import FIRST, Asked
from app.loaders.case_tables import Known
from pipeline.number_words import count
from pipeline.shown import as_text

_ORDER_WORDS = {
    "loss": "Highest loss first", "loss-up": "Lowest loss first", "confidence": "Most confident first",
    "confidence-up": "Least confident first", "truth": "By reference diagnosis", "image": "By image id",
}
# the folded rows by their names, which `Place.row` gives, and how many columns each has
ROWS = {"answer": 2, "patient": 3, "output": 3, "outputs": 3, "lesion": 3, "runs": 3, "teacher": 3}


def clear_filters() -> None:
    """Show all images of the part; for callbacks."""
    remember(page=None, **{name: None for name in FILTERS if name != "part"} | {"right": EVERYTHING})


def filter_bar(known: Known, asked: Asked) -> None:
    """The widgets of all filters, a chip that takes each one out, and what of the address is not here."""
    for problem in asked.problems:
        st.warning(as_text(problem), icon=":material/link_off:")
    with st.container(horizontal=True, vertical_alignment="center"):
        FILTERS["right"].draw(asked.values.get("right"), asked.values, known)
        with st.popover("Filters, order", icon=":material/tune:"):
            _order_box(asked)
            for row in ROWS:
                _row(row, known, asked)
        chips = said_of(known, asked)
        for name, words in chips.items():
            st.button(as_text(words), key=f"explore.chip.{name}", icon=":material/close:", icon_position="right",
                      help="Take this filter out.", on_click=_take_out, args=(name, asked))
        if chips:
            st.button("Show all", key="explore.clear", on_click=clear_filters, icon=":material/filter_alt_off:",
                      type="tertiary")


def _order_box(asked: Asked) -> None:
    """The order, kept in the address."""
    key = "explore.sort"
    st.session_state[key] = asked.order
    st.selectbox("Order", list(_ORDER_WORDS), key=key, format_func=lambda one: _ORDER_WORDS[one],
                 on_change=lambda: remember(
                     page=None, sort=None if st.session_state[key] == FIRST else st.session_state[key]))


def _row(row: str, known: Known, asked: Asked) -> None:
    columns = st.columns(ROWS[row], vertical_alignment="bottom" if row == "teacher" else "top")
    for name, one in FILTERS.items():
        if one.place and one.place.row == row:
            with columns[one.place.column]:
                one.draw(asked.values.get(name), asked.values, known)


def _take_out(name: str, asked: Asked) -> None:
    # without any filter the page would show its first choice, the wrong ones, which nobody asked for
    remember(page=None, **{"right": EVERYTHING} if "right" not in asked.values else {}, **{name: None})


def said_of(known: Known, asked: Asked) -> dict[str, str]:
    """What each filter in force asks for, in plain words by its name; those that stand in view have none."""
    said = {name: FILTERS[name].words(value, asked.values, known) for name, value in asked.values.items()}
    return {name: words for name, words in said.items() if words}


def in_words(images: int, lesions: int, all_images: int, asked: Asked) -> str:
    """How many images of how many lesions match, as markdown.

    Args:
        all_images: how many the part has, or both parts have.
    """
    if not asked.any:
        return f"**{count(images, 'image')}** of {count(lesions, 'lesion')}, all that were judged."
    return f"**{count(images, 'image')}** of {count(lesions, 'lesion')} match, out of {count(all_images, 'image')}."
