"""The wall: the images that the filters leave, a page at a time, each with what the metadata says of it."""

import math

import pandas as pd
import streamlit as st

from app.components.data.image_filters import image_filters, open_images
from app.components.pickers import page_of_address, pager
from app.loaders.image_pixels import thumbnail
from app.words.factor_words import level_words
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.data.tables import MISSING, filtered
from pipeline.errors import ImageError
from pipeline.number_words import count
from pipeline.shown import as_text

PAGE = 24
_IN_A_ROW = 4


def image_wall(dataset: Dataset, metadata: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Filters, pages and images. `metadata` and `rows` (its factors) are both indexed by image_id."""
    chosen = image_filters(rows)
    found = filtered(rows, chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{count(len(found), 'image')}** of {count(found['lesion_id'].nunique(), 'lesion')}"
            + (f" match, out of {count(len(rows), 'image')}." if chosen else ", all of the data set."),
            width="content",
        )
        st.button("Show all", key="wall.all", disabled=not chosen, on_click=open_images,
                  icon=":material/filter_alt_off:")
    if found.empty:
        st.info("No image has all of these. Set one of the filters to All.")
        return
    pages = math.ceil(len(found) / PAGE)
    page = page_of_address(pages)
    pager("wall.top", page, pages, PAGE, len(found))
    shown = metadata.loc[found["image_id"].iloc[(page - 1) * PAGE : page * PAGE]].to_dict("records")
    for start in range(0, len(shown), _IN_A_ROW):
        for column, row in zip(st.columns(_IN_A_ROW), shown[start : start + _IN_A_ROW], strict=False):
            with column:
                _picture(dataset, row, rows.loc[row["image_id"]])
    if pages > 1:
        pager("wall.bottom", page, pages, PAGE, len(found))


def _picture(dataset: Dataset, row: dict, levels: pd.Series) -> None:
    image_id = row["image_id"]
    try:
        content = thumbnail(dataset.image_path(row["file"]), row["width"], row["height"])
    except ImageError as error:
        st.warning(as_text(str(error)), icon=":material/broken_image:")
    else:
        alt = f"Image {image_id}: {label(row['dx'])}" + (", a generated drawing" if dataset.generated else "")
        st.image(content, width="stretch", alt=alt)
    age = "age not recorded" if pd.isna(row["age"]) else f"{row['age']:g} years"
    person = [age, *(as_text(_said(factor, levels[factor])) for factor in ("sex", "localization"))]
    truth = levels["dx_type"]
    origin = ("Origin of the truth unknown" if truth in MISSING else
              f"Truth from {as_text(level_words('dx_type', truth))}")
    st.markdown(f"**{as_text(label(row['dx']))}**  \n{origin}  \n{', '.join(person)}")
    st.caption(as_text(f"{image_id} · lesion {row['lesion_id']}"))


def _said(factor: str, level: str) -> str:
    """A level that says by itself what it is of: "male", but "sex unknown"."""
    return f"{factor} {level_words(factor, level)}" if level in MISSING else level_words(factor, level)
