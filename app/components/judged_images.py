"""Where the images of a run come from, with what is wrong about it in words."""

import streamlit as st

from app.components.lesion_grid import Judged
from app.components.siblings import images_not_here
from app.loaders import resources
from app.loaders.run_data import found_data, images_of
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text


def judged_images(run: RunDir) -> Judged | None:
    """The run's data set with its heatmaps; says so, and gives None, where the data set is gone, or that it changed."""
    config, found = run.config(), found_data(run)
    dataset = found.dataset
    if run.bundled and dataset is None:
        images_not_here()
        return None
    if dataset is None:
        st.info(f"The data set {as_text(config.data)} is no longer here, so its images cannot be shown.")
        return None
    if found.note:
        st.info(as_text(found.note), icon=":material/image_search:")
    elif dataset.content_hash != config.data_hash:
        st.warning(f"The data set {as_text(config.data)} has changed since this run: some images may be others.")
    return Judged(dataset, images_of(run, found), config, resources.heatmaps(run))
