"""The wall of judged lesions: a card for each, its picture large, the reference diagnosis and the answer under it, and
a link to its case, where the lesion's other images are.
"""

import math
from collections.abc import Callable, Collection, Mapping

import pandas as pd
import streamlit as st

from app.addresses.links import CASE, remember
from app.addresses.visits import mark
from app.components.judged_pictures import NO_REGIONS, Judged, RegionChoice, judged_picture
from app.components.pickers import page_of_address, pager
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.errors import ImageError
from pipeline.files.workspace import error_words
from pipeline.metrics.predictions_table import probability_column
from pipeline.number_words import count, probability
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

PAGE = 12  # lesions
_VIEW = "wall.view"
_NOTHING: Mapping[str, str] = {}


def lesion_wall(
    run: RunDir, rows: pd.DataFrame, judged: Judged | None, choice: RegionChoice = NO_REGIONS, *, view: str,
    across: int = 4, size: int = PAGE, kept: Mapping[str, str] = _NOTHING, doubtful: Collection[str] = (),
    tick: Callable[[str], None] | None = None,
) -> list[str]:
    """The cards of `rows`, predictions in their order, a page at a time: of a lesion with several images the first.

    Args:
        judged: where the pictures are; None where they are not here.
        view: names what is shown, so that another view starts at its top.
        across: how many cards stand in a row; size: how many lesions on a page.
        kept: parameters of the address that the link to a case keeps.
        doubtful: the images whose label somebody doubts.
        tick: draws what a card is selected with, from its image_id.

    Returns:
        The images that the page shows.
    """
    if st.session_state.get(_VIEW, view) != view:
        remember(page=None)
    st.session_state[_VIEW] = view
    lesions = rows.drop_duplicates("lesion_id")
    images = rows["lesion_id"].value_counts()
    pages = max(math.ceil(len(lesions) / size), 1)
    page = page_of_address(pages)
    shown = lesions.iloc[(page - 1) * size : page * size].to_dict("records")
    for start in range(0, len(shown), across):
        for column, row in zip(st.columns(across), shown[start : start + across], strict=False):
            with column.container(height="stretch", gap="xsmall"):
                _picture(row, judged, choice)
                lines = verdict(row, judged is not None and judged.dataset.generated)
                flag = "  \n:small[:material/flag: label doubtful]" if row["image_id"] in doubtful else ""
                st.markdown(f"{lines}{flag}")
                with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
                    if tick:  # first, so that a long link leaves it its room
                        tick(row["image_id"])
                    _link(run, row, int(images[row["lesion_id"]]), kept)
    if pages > 1:
        pager("wall", page, pages, size, len(lesions), "lesions")
    return [row["image_id"] for row in shown]


def verdict(row: dict, generated: bool) -> str:
    """Two lines of markdown: the reference diagnosis, and the prediction with its probability and a mark of whether it
    is right.
    """
    icon = ":material/check:" if row["truth"] == row["predicted"] else ":material/close:"
    share = probability(row[probability_column(row["predicted"])]).replace(" ", "\N{NO-BREAK SPACE}")
    return (f":small[{reference(row['truth'], generated=generated)}]  \n"
            f":small[{icon} **Prediction:** {as_text(label(row['predicted']))}, {share}]")


def _picture(row: dict, judged: Judged | None, choice: RegionChoice) -> None:
    if judged is None:
        return  # the page has said that none is here
    if row["image_id"] not in judged.table.index:
        st.caption("The image is not here.")
        return
    try:
        picture = judged_picture(row, judged, choice)
    except ImageError as error:
        st.warning(as_text(error_words(error)), icon=":material/broken_image:")
        return
    drawing = ", a generated drawing" if judged.dataset.generated else ""
    over = f", with the regions that raised the output for {row[choice.of]}" if picture.laid else ""
    st.image(picture.content, width="stretch", output_format="JPEG", caption=as_text(picture.why or "") or None,
             alt=f"Image {row['image_id']}: {label(row['truth'])}{drawing}{over}")


def _link(run: RunDir, row: dict, images: int, kept: Mapping[str, str]) -> None:
    others = f" · {count(images, 'image')}" if images > 1 else ""
    st.page_link(CASE, label=f"Open {as_text(row['image_id'])}{others}",
                 query_params={**kept, **mark(), "run": run.name, "image": row["image_id"]})
