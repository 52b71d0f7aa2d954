"""Every way to bring images in: drawn, fetched, or the user's own."""

import streamlit as st

from app.access import Right, may, not_offered
from app.components.data.data_intake import import_form
from app.components.data.generated_drawing import draw_button
from app.components.data.get_data_fetches import running_sources
from app.components.data.get_data_kaggle import kaggle_section
from app.components.data.get_data_sources import source_card
from app.components.help_text import help_text
from pipeline.data.embedded import NAME as GENERATED
from pipeline.data.sources.catalogue import LESSON_PACK, SOURCES, STARTER
from pipeline.images.generated import NOTICE
from pipeline.jobs.job_dirs import Fetch

_ARCHIVES = ("isic2018-training", "isic2018-test", "isic2019")


def get_data_panel(names: set[str], fetches: list[Fetch]) -> None:
    """The ways, the quickest first.

    Args:
        names: of the data sets that are here.
        fetches: the downloads that have begun.
    """
    running = running_sources(fetches)
    not_offered(Right.FETCH, "Drawing, downloads, a Kaggle login and imports")
    left, middle, right = st.columns(3)
    with left.container(border=True, height="stretch"):
        st.markdown("**Generated images**")
        st.markdown("600 drawings, 7 diagnoses, made on this computer. They show the whole way.")
        st.caption(f"The drawings are {NOTICE}.")
        if GENERATED in names:
            st.caption("They are here already.")
        elif may(Right.DRAW):
            draw_button(primary=not names)
    with middle:
        source_card(STARTER, names, running, label="Fetch the starter set")
    with right:
        source_card(LESSON_PACK, names, running, label="Fetch the lesson pack")
    st.subheader("The article's collection")
    kaggle_section(names, running)
    with st.expander("ISIC challenge archives, without a login", expanded=not running.isdisjoint(_ARCHIVES),
                     icon=":material/cloud_download:"):
        for column, id in zip(st.columns(len(_ARCHIVES)), _ARCHIVES, strict=True):
            with column:
                source_card(SOURCES[id], names, running)
    importing = None
    if may(Right.IMPORT):
        with st.expander("Your own images: a zip or a folder", icon=":material/input:"):
            importing = import_form()
    st.caption("Only what is fetched with a button of this page comes from the internet, and the ImageNet weights of a "
               "ResNet when one is first trained from them. Nothing else connects.")
    help_text("get_data", "Which of these to choose, and how your own images must be laid out")
    if importing:
        importing()
