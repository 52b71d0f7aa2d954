"""The one filter bar over a run's images. Every choice stands in the address, and the address fills the bar."""

import streamlit as st

from app.addresses.links import remember
from app.filters.case_filters import FILTERS
from app.filters.filter_address import Asked
from app.loaders.case_tables import Known
from pipeline.number_words import count
from pipeline.shown import as_text

# the rows by their names, which `Place.row` gives, and how many columns each has; all but the first are folded
ROWS = {"answer": 4, "decision": 3, "patient": 3, "output": 3, "outputs": 3, "lesion": 3, "runs": 3, "teacher": 3}


def clear_filters() -> None:
    """Show all images of the run; for callbacks."""
    remember(page=None, **dict.fromkeys(FILTERS))


def filter_bar(known: Known, asked: Asked) -> None:
    """The widgets of all filters, and what of the address is not here."""
    for problem in asked.problems:
        st.warning(as_text(problem), icon=":material/link_off:")
    above, *folded = ROWS
    _row(above, known, asked)
    with st.expander("More filters", icon=":material/tune:"):
        for row in folded:
            _row(row, known, asked)


def _row(row: str, known: Known, asked: Asked) -> None:
    columns = st.columns(ROWS[row], vertical_alignment="bottom" if row == "teacher" else "top")
    for name, one in FILTERS.items():
        if one.place and one.place.row == row:
            with columns[one.place.column]:
                one.draw(asked.values.get(name), asked.values, known)


def in_words(found: int, lesions: int, all_images: int, asked: Asked) -> str:
    """How many images match, as markdown."""
    if not asked.any:
        return f"**{count(found, 'image')}** of {count(lesions, 'lesion')}, all that the run judged."
    return f"**{count(found, 'image')}** of {count(lesions, 'lesion')} match, out of {count(all_images, 'image')}."


def folded_in_words(known: Known, asked: Asked) -> str:
    """What of `asked` stands in the folded part of the bar, as markdown, for who arrives by a link; empty without any.
    """
    said = [FILTERS[name].words(value, asked.values, known) for name, value in asked.values.items()]
    return as_text(" · ".join(filter(None, said)))
