"""The lesson pack on *Teach*: where no image is here on which the model in the box was judged, its images to fetch."""

import streamlit as st

from app.access import Right, may, require
from app.addresses.links import GET_DATA, go
from app.components import problems
from app.components.data.get_data_fetches import running_sources
from app.components.data.get_data_sources import size_words
from app.loaders import resources
from app.loaders.run_data import found_data
from app.words.spoken import say
from pipeline.data.sources.catalogue import LESSON_PACK
from pipeline.jobs.fetching import list_fetches, start_fetch
from pipeline.runs.run_dir import bundled_run
from pipeline.shown import as_text


def pack_offer() -> None:
    """Says what the pack is and starts its fetch, which the page Data sets then shows; nothing where it is not needed.
    """
    run = bundled_run()
    if run is None or found_data(run).dataset is not None or not may(Right.FETCH):
        return
    with st.container(border=True):
        st.markdown(say("**Pictures for the ready lessons and the tour**: about {number} images of HAM10000, {size}, "
                        "from the ISIC archive.", number=LESSON_PACK.images, size=size_words(LESSON_PACK.size)))
        st.caption(say("Images: {licence}", licence=as_text(f"{LESSON_PACK.licence}. {LESSON_PACK.attribution}.")))
        fetched = LESSON_PACK.id in running_sources(list_fetches(resources.workspace()))
        if st.button(say("Get them"), key="teach.pack", icon=":material/download:", disabled=fetched):
            with problems.in_words():
                require(Right.FETCH, "starts a download")
                start_fetch(resources.workspace(), LESSON_PACK, LESSON_PACK.name)
                go(GET_DATA)
