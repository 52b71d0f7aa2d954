"""The data sets of the workspace, each with its terms, what holds for it as a whole, and the way to its images."""

import pandas as pd
import streamlit as st

from app.addresses.links import DATASET, TRAIN, go
from app.components.figures import csv_download
from pipeline.data.dataset import Dataset
from pipeline.images.generated import NOTICE
from pipeline.number_words import count
from pipeline.shown import as_text


def _terms(dataset: Dataset) -> str:
    return f"Licence: {dataset.licence}. {dataset.attribution.rstrip('.')}."


def _one(dataset: Dataset) -> None:
    words, buttons = st.columns([4, 1], vertical_alignment="center")
    with words:
        st.markdown(
            f"**{as_text(dataset.name)}**: {count(dataset.images, 'image')} of {count(dataset.lesions, 'lesion')}, "
            f"{count(len(dataset.classes), 'diagnosis', 'diagnoses')} ({', '.join(map(as_text, dataset.classes))})."
        )
        st.caption(as_text(f"The images are {NOTICE}." if dataset.generated else _terms(dataset)))
    with buttons.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Look at it", key=f"look.{dataset.name}", icon=":material/database:"):
            go(DATASET, data=dataset.name)
    if dataset.notes:
        st.info("\n".join(f"- {as_text(note)}" for note in dataset.notes))
    if dataset.problems:
        with st.expander(f"{count(len(dataset.problems), 'problem')} at the import of {as_text(dataset.name)}"):
            st.dataframe(dataset.problems, hide_index=True, key=f"problems.{dataset.name}")
            csv_download(pd.DataFrame(dataset.problems), f"{dataset.name}-problems", f"problems.{dataset.name}")


def datasets_here(datasets: list[Dataset]) -> None:
    """What is here, or that nothing is."""
    st.subheader("In this workspace")
    if not datasets:
        st.markdown("No data set is here yet. Each of the ways below brings one.")
        return
    for dataset in datasets:
        with st.container(border=True):
            _one(dataset)
    if st.button("Train on a data set", key="to_train", icon=":material/model_training:"):
        go(TRAIN)
