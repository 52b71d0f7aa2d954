"""Pictures on which a dermoscopic criterion was marked, with or without the outline of the mark."""

from typing import Literal

import pandas as pd
import streamlit as st

from app.loaders.criteria_rows import outlined_picture
from app.loaders.image_pixels import thumbnail
from app.words.criteria_words import CRITERIA_WORDS
from app.words.factor_words import reference
from pipeline.data.criterion_masks import criterion_mask_path
from pipeline.data.dataset import Dataset
from pipeline.errors import ImageError
from pipeline.files.workspace import error_words
from pipeline.shown import as_text
from pipeline.vocabulary import Criterion


def picture_of_criterion(dataset: Dataset, row: pd.Series, criterion: Criterion, *, outline: bool,
                         width: int | Literal["stretch"] = "stretch") -> None:
    """One picture; says so where its file or its mask is gone.

    Args:
        row: of the data set's metadata.
        outline: around what was marked; only of an image on which it is.
        width: in CSS pixels, or that of its column.
    """
    image_id = str(row["image_id"])
    path, name = dataset.image_path(row["file"]), CRITERIA_WORDS[criterion].lower
    try:
        if outline:
            content = outlined_picture(path, criterion_mask_path(dataset, image_id, criterion))
        else:
            content = thumbnail(path, int(row["width"]), int(row["height"]))
    except ImageError as error:
        st.warning(as_text(error_words(error)), icon=":material/broken_image:")
        return
    alt = f"Image {image_id}, with the outline of what was marked as {name}" if outline else f"Image {image_id}"
    st.image(content, width=width, alt=alt)


def reference_line(dataset: Dataset, row: pd.Series) -> str:
    """What the image's reference diagnosis is, and how it was made, as small markdown."""
    return f":small[{reference(str(row['dx']), str(row['dx_type']), generated=dataset.generated)}]"
