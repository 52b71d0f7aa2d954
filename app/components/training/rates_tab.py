"""The learning rate: searched on any stage, its curve read, the rates taken into the form of a new run."""

import streamlit as st

from app.addresses.links import GET_DATA, go, linked
from app.components import problems
from app.components.help_text import help_text
from app.components.pickers import pick
from app.components.training.rate_choice import rate_choice
from app.components.training.rate_search import search_form, search_view
from app.loaders import resources
from pipeline.runs.searches import damaged_searches, list_searches, origin
from pipeline.shown import as_text


def _nothing_yet() -> None:
    st.markdown("A learning rate is searched on images, and there are none yet.")
    if st.button("Bring in images", type="primary", key="to_data", icon=":material/input:"):
        go(GET_DATA)


def rates_tab() -> None:
    """The form of a search, and the one that the address or the user chose."""
    st.markdown(
        "The network is trained on one batch after the other while the rate grows. Where the loss falls, the rate is "
        "usable; where it shoots up, it is too high. The weights are put back afterwards."
    )
    if not resources.datasets():
        if problem := linked("search", []).problem:
            st.warning(as_text(problem), icon=":material/link_off:")
        _nothing_yet()
        return
    search_form()
    for error in damaged_searches(resources.workspace()):
        problems.show(error)
    searches = list_searches(resources.workspace())
    if not searches:
        if problem := linked("search", []).problem:
            st.warning(as_text(problem), icon=":material/link_off:")
        st.info("The curve of a search appears here, drawn as it goes.", icon=":material/show_chart:")
    else:
        by_name = {search.name: search for search in searches}
        name = pick("Search", "search", list(by_name), default=searches[0].name,
                    words=lambda name: f"{name}: {origin(by_name[name].config())}")
        with problems.in_words():
            search_view(by_name[name])
            rate_choice(by_name[name])
    help_text("rates", "How to read the curve, and the article's two rules")
