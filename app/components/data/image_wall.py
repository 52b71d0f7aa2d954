"""The wall: the images that the filters leave, a page at a time, each with what the metadata says of it. The filters
stand in the address; one that names something gone says so and is left out."""

import math

import pandas as pd
import streamlit as st

from app.addresses.links import remember
from app.components.pickers import page_of_address, pager
from app.loaders.image_pixels import thumbnail
from app.words.factor_words import FACTOR_WORDS, level_words, reference
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.data.tables import FACTORS, MISSING, factors_of, filtered, levels
from pipeline.errors import ImageError
from pipeline.files.workspace import error_words
from pipeline.number_words import count
from pipeline.shown import as_text

PAGE = 12
_IN_A_ROW = 4
_ALL = ""  # None would be shown as a box that waits for a choice


def open_images(**chosen: str) -> None:
    """Put exactly these filters and the wall into the address; for callbacks."""
    remember(view="images", page=None, **{factor: chosen.get(factor) for factor in FACTORS})


def drop_gone_filters(rows: pd.DataFrame) -> None:
    """After another data set was chosen: forget the page and the filters that it has no images for."""
    gone = [f for f in FACTORS if f in st.query_params and st.query_params[f] not in levels(rows, f)]
    remember(page=None, **dict.fromkeys(gone))


def _changed(factor: str) -> None:
    remember(page=None, **{factor: st.session_state[f"wall.{factor}"] or None})


def image_filters(rows: pd.DataFrame) -> dict[str, str]:
    """A select box for each factor, folded until one is set; the level chosen in each, without those that show all."""
    chosen, problems = {}, []
    folded = st.expander("Filter", icon=":material/filter_alt:", expanded=any(f in st.query_params for f in FACTORS))
    factors = factors_of(rows)
    for start in range(0, len(factors), 3):
        for column, factor in zip(folded.columns(3), factors[start : start + 3], strict=False):
            known = levels(rows, factor)
            level = st.query_params.get(factor)
            if level in known:
                chosen[factor] = level
            elif level is not None:
                problems.append((factor, level))
            key = f"wall.{factor}"
            st.session_state[key] = chosen.get(factor, _ALL)
            column.selectbox(
                FACTOR_WORDS[factor], [_ALL, *known], key=key, on_change=_changed, args=(factor,),
                format_func=lambda level, factor=factor: level_words(factor, level) if level else "All",
            )
    for factor, level in problems:
        st.warning(
            as_text(f"The address names the {FACTOR_WORDS[factor].lower()} {level[:80]}, which is not in this data "
                    "set (any more). Shown without this filter."),
            icon=":material/link_off:",
        )
    return chosen


def image_wall(dataset: Dataset, metadata: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Filters, pages and images. `metadata` and `rows` (its factors) are both indexed by image_id."""
    chosen = image_filters(rows)
    found = filtered(rows, chosen)
    if chosen:  # how many there are in all, the page says above
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{count(len(found), 'image')}** of {count(found['lesion_id'].nunique(), 'lesion')} match, "
                        f"out of {count(len(rows), 'image')}.", width="content")
            st.button("Show all", key="wall.all", on_click=open_images, icon=":material/filter_alt_off:")
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
        st.warning(as_text(error_words(error)), icon=":material/broken_image:")
    else:
        alt = f"Image {image_id}: {label(row['dx'])}" + (", a generated drawing" if dataset.generated else "")
        st.image(content, width="stretch", alt=alt)
    age = "age not recorded" if pd.isna(row["age"]) else f"{row['age']:g} years"
    person = [age, *(as_text(_said(factor, levels[factor])) for factor in ("sex", "localization"))]
    truth = levels["dx_type"]
    st.markdown(f"{reference(row['dx'], truth, generated=dataset.generated)}  \n{', '.join(person)}")
    st.caption(as_text(f"{image_id} · lesion {row['lesion_id']}"))


def _said(factor: str, level: str) -> str:
    """A level that says by itself what it is of: "male", but "sex unknown"."""
    return f"{factor} {level_words(factor, level)}" if level in MISSING else level_words(factor, level)
