"""The wall of a run's images: an order, pages, and a card for each that leads to its case and can be selected."""

import math

import pandas as pd
import streamlit as st

from app.addresses.links import CASE, remember
from app.addresses.visits import mark
from app.components.cases.ticks import tick, tick_all
from app.components.pickers import page_of_address, pager
from app.filters.filter_address import FIRST, Asked, address_of
from app.loaders.image_pixels import thumbnail
from app.loaders.run_data import found_data, images_of
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.errors import ImageError
from pipeline.files.workspace import error_words
from pipeline.number_words import decimal, probability
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import Remark
from pipeline.shown import as_text

PAGE = 24
_IN_A_ROW = 4
_ORDER_WORDS = {
    "loss": "Highest loss first", "loss-up": "Lowest loss first", "confidence": "Most confident first",
    "confidence-up": "Least confident first", "truth": "By true diagnosis", "image": "By image id",
}


def order_box(asked: Asked) -> None:
    """The order, kept in the address."""
    key = "explore.sort"
    st.session_state[key] = asked.order
    st.selectbox("Order", list(_ORDER_WORDS), key=key, format_func=_ORDER_WORDS.get, on_change=lambda: remember(
        page=None, sort=None if st.session_state[key] == FIRST else st.session_state[key]))


def case_wall(run: RunDir, found: pd.DataFrame, dataset: Dataset | None, remarks: dict[str, Remark]) -> None:
    """The images of `found`, a page at a time, in its order."""
    pages = max(math.ceil(len(found) / PAGE), 1)
    page = page_of_address(pages)
    shown = found.iloc[(page - 1) * PAGE : page * PAGE]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="content"):
            pager("explore.top", page, pages, PAGE, len(found))
        st.button("Select this page", key="explore.select_page", on_click=tick_all, args=(run, list(shown.index)),
                  icon=":material/select_all:")
    table = images_of(run, found_data(run))
    kept = {**address_of(st.query_params.to_dict()), **mark()}
    rows = shown.to_dict("records")
    for start in range(0, len(rows), _IN_A_ROW):
        for column, row in zip(st.columns(_IN_A_ROW), rows[start : start + _IN_A_ROW], strict=False):
            with column.container(border=True, height="stretch"):
                _picture(row, dataset, table)
                _card(run, row, remarks.get(row["image_id"], Remark()), kept, dataset is not None and dataset.generated)
    if pages > 1:
        pager("explore.bottom", page, pages, PAGE, len(found))


def _picture(row: dict, dataset: Dataset | None, table: pd.DataFrame | None) -> None:
    image_id = row["image_id"]
    if dataset is None or image_id not in table.index:
        st.caption("The image is not here.")
        return
    try:
        width, height = table.at[image_id, "width"], table.at[image_id, "height"]
        content = thumbnail(dataset.image_path(table.at[image_id, "file"]), width, height)
    except ImageError as error:
        st.warning(as_text(error_words(error)), icon=":material/broken_image:")
    else:
        drawing = ", a generated drawing" if dataset.generated else ""
        st.image(content, width="stretch", alt=f"Image {image_id}: {label(row['truth'])}{drawing}")


def verdict(row: dict, generated: bool) -> str:
    """Reference diagnosis, prediction with its probability and a word whether it is right, and loss, as markdown."""
    icon, word = (":material/check:", "right") if row["right"] else (":material/close:", "wrong")
    share = probability(row["confidence"]).replace(" ", "\N{NO-BREAK SPACE}")
    return (
        f"{reference(row['truth'], generated=generated)}  \n"
        f"**Prediction:** {as_text(label(row['predicted']))}, {share}  \n"
        f"{icon} {word} · loss {decimal(row['loss'], 2)}"
    )


def _card(run: RunDir, row: dict, remark: Remark, kept: dict[str, str], generated: bool) -> None:
    image_id = row["image_id"]
    st.markdown(verdict(row, generated) + ("  \n:material/flag: label doubtful" if remark.doubtful else ""))
    st.page_link(CASE, label=f"Open {as_text(image_id)}", icon=":material/open_in_full:",
                 query_params={**kept, "run": run.name, "image": image_id})
    tick(run, image_id)
