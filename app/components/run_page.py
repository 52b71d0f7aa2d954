"""What the pages about one run say alike: that there is none yet, and what the images of this one are."""

import streamlit as st

from app.addresses.links import TRAIN, go, linked
from app.loaders.run_data import dataset_of
from pipeline.images.generated import NOTICE
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text


def no_run_yet(words: str) -> None:
    """An empty page: what will be here in `words`, what of the address is gone, and the one button that gets there."""
    if problem := linked("run", []).problem:
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown(words)
    if st.button("Train a classifier", type="primary", key="to_train", icon=":material/model_training:"):
        go(TRAIN)


def about_images(run: RunDir) -> None:
    """Says where the run's images are generated ones, and what an evaluation left out."""
    dataset = dataset_of(run)
    if dataset and dataset.generated:
        st.caption(f":material/draw: The images of this run are {NOTICE}.")
    if judged := run.evaluation():
        st.caption(as_text(" ".join(judged["words"])))
