"""One lesion at a time, its picture large and the answer hidden until somebody asks; keys turn to the next one."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.addresses.links import remember
from app.loaders.image_pixels import thumbnail
from pipeline.data.dataset import Dataset
from pipeline.data.tables import recorded
from pipeline.errors import ImageError
from pipeline.export.handout import in_words
from pipeline.files.workspace import error_words
from pipeline.images.generated import NOTICE
from pipeline.shown import as_text


def large_picture(dataset: Dataset, table: pd.DataFrame, image_id: str, alt: str) -> None:
    """The untouched picture at the width of its column; says so where its file is gone or cannot be read."""
    row = table.loc[image_id]
    try:
        st.image(thumbnail(dataset.image_path(row["file"]), row["width"], row["height"]), width="stretch", alt=alt)
    except ImageError as error:
        st.warning(as_text(error_words(error)), icon=":material/broken_image:")
    if dataset.generated:
        st.caption(f":material/draw: This image is {NOTICE}.")


def patient_words(age: object, sex: object, localization: object) -> str:
    """ "35 years, female, neck" of the cells of a metadata table, as a heading."""
    years = None if age is None or pd.isna(age) else float(age)
    words = in_words(years, recorded(sex), recorded(localization))
    return as_text(words[0].upper() + words[1:])


def is_answered() -> bool:
    """Whether the answer is asked for in the address, so that it stands again when the page is loaded anew."""
    return st.query_params.get("answer") == "yes"


def answer_button(key: str) -> None:
    """Asks for the answer."""
    st.button("Show the answer", key=f"{key}.answer", type="primary", icon=":material/visibility:", shortcut="A",
              on_click=remember, kwargs={"answer": "yes"})


def turning_buttons(key: str, parameter: str, images: Sequence[str], here: str) -> None:
    """The image before and the one after, whose answers are hidden again; arrow keys press them too.

    Args:
        parameter: of the address, which names the image.
    """
    place = images.index(here)
    with st.container(horizontal=True, vertical_alignment="center"):
        for words, step, icon, arrow in (("Previous", -1, "arrow_back", "Left"), ("Next", 1, "arrow_forward", "Right")):
            to = place + step
            st.button(words, key=f"{key}.{words.lower()}", icon=f":material/{icon}:", shortcut=arrow,
                      disabled=not 0 <= to < len(images), on_click=_turn,
                      args=(parameter, images[to] if 0 <= to < len(images) else here))
        st.markdown(f"{place + 1:,} of {len(images):,}", width="content")


def _turn(parameter: str, image_id: str) -> None:
    remember(**{parameter: image_id}, answer=None)
