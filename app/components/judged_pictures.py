"""Pictures of judged images: untouched, or with the regions that raised an output laid over; and the one choice of it
for all pictures of a page.
"""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from app.loaders import resources
from app.loaders.image_pixels import regions_picture, thumbnail
from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.errors import ImageError
from pipeline.networks.overlay import has_evidence

NO_EVIDENCE = "No positive evidence: no region raised this output."


class Judged(NamedTuple):
    """Where a run's judged images come from: its data set, that one's table by image_id, what it saw, its heatmaps."""

    dataset: Dataset
    table: pd.DataFrame
    config: RunConfig
    heatmaps: resources.Heatmaps | None


class RegionChoice(NamedTuple):
    """Whether regions are laid over the images, for which diagnosis, and how opaque (0..1)."""

    shown: bool
    of: Literal["predicted", "truth"]
    opacity: float


NO_REGIONS = RegionChoice(False, "predicted", 0)


class Picture(NamedTuple):
    """What stands in an image's place: a file's bytes, whether regions lie over it, and why none do although they are
    asked for.
    """

    content: bytes
    laid: bool
    why: str | None


def region_controls(heatmaps_there: bool, why: str | None = None) -> RegionChoice:
    """The one press that lays regions over all pictures of a page, and once they are there a slider for their strength
    and the diagnosis that they are of.

    Args:
        why: said where there are none, in place of the usual sentence.
    """
    if not heatmaps_there:
        st.caption(why or "This run stored no heatmaps.")
        return NO_REGIONS
    with st.container(horizontal=True, vertical_alignment="center"):
        if not st.toggle("Regions that raised the output", key="heatmap"):
            return NO_REGIONS
        opacity = st.slider("Opacity of the heatmap", 0, 100, 60, format="%d %%", key="heatmap.opacity", width=140,
                            label_visibility="collapsed")
        of = st.selectbox("Regions for", ["predicted", "truth"], key="heatmap.of", width=230,
                          label_visibility="collapsed", format_func={
                              "predicted": "for the prediction", "truth": "for the reference diagnosis"}.get)
    return RegionChoice(True, of, opacity / 100)


def judged_picture(row: dict, judged: Judged, choice: RegionChoice) -> Picture:
    """The picture of a judged image, small enough for a wall.

    Raises:
        ImageError: the data set no longer has it, or its file is gone or cannot be read.
    """
    image_id, table = row["image_id"], judged.table
    if image_id not in table.index:
        raise ImageError(f"The data set {judged.dataset.name} no longer has the image {image_id}.")
    path = judged.dataset.image_path(table.at[image_id, "file"])
    try:
        heatmap = _heatmap(row, judged, choice)
        if heatmap is not None:
            return Picture(regions_picture(path, heatmap, judged.config, choice.opacity), True, None)
        plain = thumbnail(path, table.at[image_id, "width"], table.at[image_id, "height"])
    except ImageError as error:
        raise ImageError(
            f"The image file {path.name} is gone or cannot be read.",
            f"Import the data set {judged.dataset.name} again under the same name.",
        ) from error
    return Picture(plain, False, NO_EVIDENCE if choice.shown and judged.heatmaps is not None else None)


def _heatmap(row: dict, judged: Judged, choice: RegionChoice) -> np.ndarray | None:
    """The chosen heatmap, where it is stored and has positive evidence."""
    index = judged.heatmaps.row.get(row["image_id"]) if choice.shown and judged.heatmaps is not None else None
    if index is None:
        return None
    heatmap = getattr(judged.heatmaps, choice.of)[index].astype(np.float32)
    return heatmap if has_evidence(heatmap) else None
