"""Judged images as cards: what the network saw with its heatmap, the untouched image beside it, truth and output."""

import math
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from app.addresses.links import remember
from app.components.pickers import page_of_address, pager
from app.loaders import resources
from app.loaders.image_pixels import as_seen, at_its_shape, untouched, with_regions
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.errors import ImageError
from pipeline.files.workspace import error_words
from pipeline.metrics.predictions_table import probability_column
from pipeline.networks.overlay import has_evidence
from pipeline.number_words import decimal, probability
from pipeline.shown import as_text

NO_EVIDENCE = "No positive evidence: no region raised this output."
PAGE = 8
_VIEW = "grid.view"


class HeatmapChoice(NamedTuple):
    """Whether heatmaps are laid over the images, for which diagnosis, and how opaque (0..1)."""

    shown: bool
    of: Literal["predicted", "truth"]
    opacity: float


class Judged(NamedTuple):
    """Where a run's judged images come from: its data set, that one's table by image_id, what it saw, its heatmaps."""

    dataset: Dataset
    table: pd.DataFrame
    config: RunConfig
    heatmaps: resources.Heatmaps | None


def heatmap_controls(heatmaps_there: bool, switch: bool = True, why: str | None = None) -> HeatmapChoice:
    """Switch, diagnosis and slider for all cards of a page; without `switch` heatmaps are shown.

    Args:
        why: said where there are none, in place of the usual sentence.
    """
    if not heatmaps_there:
        st.caption(why or "This run stored no heatmaps.")
        return HeatmapChoice(False, "predicted", 0)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        shown = not switch or st.toggle("Heatmap", key="heatmap",
                                        help="Regions that raised the output, over what the network saw.")
        opacity = st.slider("Opacity of the heatmap", 0, 100, 60, format="%d %%", key="heatmap.opacity",
                            disabled=not shown, width=260)
        of = st.radio("Regions that raised the output for", ["predicted", "truth"], horizontal=True, key="heatmap.of",
                      format_func={"predicted": "the predicted diagnosis", "truth": "the true diagnosis"}.get,
                      disabled=not shown)
    return HeatmapChoice(shown, of, opacity / 100)


def lesion_grid(rows: pd.DataFrame, judged: Judged, choice: HeatmapChoice, view: str) -> None:
    """The cards of `rows`, a page at a time; `view` names what is shown, so that another view starts at its top."""
    if st.session_state.get(_VIEW, view) != view:
        remember(page=None)
    st.session_state[_VIEW] = view
    pages = math.ceil(len(rows) / PAGE)
    page = page_of_address(pages)
    pager("grid.top", page, pages, PAGE, len(rows))
    shown = rows.iloc[(page - 1) * PAGE : page * PAGE].to_dict("records")
    for start in range(0, len(shown), 2):
        for column, row in zip(st.columns(2), shown[start : start + 2], strict=False):
            with column.container(border=True):
                _card(row, judged, choice)
    if pages > 1:
        pager("grid.bottom", page, pages, PAGE, len(rows))


def pictures(image_id: str, judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    """The image as the network saw it, at its true shape, and untouched; both uint8 (H, W, 3).

    Raises:
        ImageError: the data set no longer has it, or its file is gone or cannot be read.
    """
    if image_id not in judged.table.index:
        raise ImageError(f"The data set {judged.dataset.name} no longer has the image {image_id}.")
    path = judged.dataset.image_path(judged.table.at[image_id, "file"])
    try:
        config = judged.config
        seen, whole = as_seen(path, config.height, config.width, config.resize, config.view), untouched(path)
        return at_its_shape(seen, (whole.shape[1], whole.shape[0]), config), whole
    except ImageError as error:
        raise ImageError(
            f"The image file {path.name} is gone or cannot be read.",
            f"Import the data set {judged.dataset.name} again under the same name.",
        ) from error


def laid_over(
    seen: np.ndarray, untouched: np.ndarray, row: dict, judged: Judged, choice: HeatmapChoice
) -> tuple[np.ndarray, str]:
    """The picture with the chosen heatmap over the part that the network saw, without one what it saw; and a caption.
    """
    if not choice.shown or judged.heatmaps is None:
        return seen, "As the network saw it, without heatmap"  # as long as the other caption: nothing jumps
    index = judged.heatmaps.row.get(row["image_id"])
    heatmap = None if index is None else getattr(judged.heatmaps, choice.of)[index].astype(np.float32)
    if heatmap is None or not has_evidence(heatmap):
        return seen, NO_EVIDENCE
    laid = with_regions(untouched, heatmap, judged.config, choice.opacity)
    return laid, f"Regions that raised the output for {row[choice.of]}"


def judgement(row: dict, judged: Judged) -> str:
    """Reference diagnosis and how it was made, prediction, probabilities and loss, as markdown."""
    source = judged.table["dx_type"].get(row["image_id"])
    of_answer, of_truth = (row[probability_column(row[of])] for of in ("predicted", "truth"))
    return (
        f"{reference(row['truth'], source or None, generated=judged.dataset.generated)}"
        f"  \n**Prediction:** {as_text(label(row['predicted']))}, {probability(of_answer)}"
        f"  \nProbability of the reference diagnosis {probability(of_truth)} · loss {decimal(row['loss'], 2)}"
    )


def identity(row: dict) -> str:
    """Which image of which lesion it is."""
    return as_text(f"Image {row['image_id']} · lesion {row['lesion_id']}")


def _card(row: dict, judged: Judged, choice: HeatmapChoice) -> None:
    image_id = row["image_id"]
    try:
        seen, untouched = pictures(image_id, judged)
    except ImageError as error:
        st.warning(as_text(error_words(error)), icon=":material/broken_image:")
    else:
        seen_side, untouched_side = st.columns(2, wrap=False)
        pixels, caption = laid_over(seen, untouched, row, judged, choice)
        seen_side.image(pixels, caption=as_text(caption), width="stretch", output_format="PNG",
                        alt=f"Image {image_id} as the network saw it")
        untouched_side.image(untouched, caption="Untouched", width="stretch", output_format="JPEG",
                             alt=f"Untouched image {image_id}")
    st.markdown(judgement(row, judged))
    st.caption(identity(row))
