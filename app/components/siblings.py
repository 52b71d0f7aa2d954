"""What a page says of the bundled run: who judged its images, and what it therefore cannot show."""

import streamlit as st

from app.addresses.links import CLASSIFY, GET_DATA, go
from pipeline.bundled import MODEL_NAME, SIBLINGS
from pipeline.models.model_info import bundled_model
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

NO_HEATMAPS = (
    "No heatmaps: the five networks are not here, and the shipped one was trained on these very images, so its regions "
    "would say nothing about an image that it had not seen."
)
NO_NEIGHBOURS = (
    "No map and no neighbours: the five networks are not here, and for the shipped one, which was trained on these "
    "very images, each would be its own nearest."
)
NO_WHAT_IF = "Not for this run: the five networks are not here, and the shipped one was trained on this very image."
FOLDS = "Five folds by lesion: each image was judged by the one network that had seen no image of its lesion."
TOO_GOOD = "The recipe was chosen on one of the five folds, so these figures are a little too good."


def siblings_note(run: RunDir) -> None:
    """Above what a page shows of the bundled run; nothing for other runs."""
    if run.bundled:
        st.info(f"This run is bundled with LesionLab: **{SIBLINGS}**. Each was trained on four fifths of the lesions "
                f"and judged the images of the others. {TOO_GOOD}", icon=":material/inventory_2:")


def images_not_here() -> None:
    """Where none of the bundled run's images is here: how to get them."""
    model = bundled_model()
    source = f" ({model.attribution})" if model and model.attribution else ""
    st.info(as_text("The images of this run are not bundled, only what the networks said of them. With their data set"
                    f"{source} imported, under any name and in any size, they appear here."),
            icon=":material/image_not_supported:")
    if st.button("Get data", key="siblings.get_data", icon=":material/download:"):
        go(GET_DATA)


def classify_with_it() -> None:
    """A button to the shipped model, where it is here."""
    if bundled_model() and st.button("Classify images with the bundled model", key="to_classify",
                                     icon=":material/image_search:"):
        go(CLASSIFY, model=MODEL_NAME)
