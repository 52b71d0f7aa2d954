"""Judged images as cards: what the network saw with its heatmap, the untouched image beside it, truth and output."""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from app import resources
from app.wording import as_text, decimal, probability
from pipeline.classes import label
from pipeline.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.errors import ImageError
from pipeline.explain.overlay import has_evidence, overlay

NO_EVIDENCE = "No positive evidence: no region raised this output."
PAGE = 8


class HeatmapChoice(NamedTuple):
    """Whether heatmaps are laid over the images, for which diagnosis, and how opaque (0..1)."""

    shown: bool
    of: Literal["predicted", "truth"]
    opacity: float


def heatmap_controls(heatmaps_there: bool) -> HeatmapChoice:
    """Switch, diagnosis and slider for all cards of a page."""
    if not heatmaps_there:
        st.caption("This run stored no heatmaps.")
        return HeatmapChoice(False, "predicted", 0)
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        shown = st.toggle("Heatmap", key="heatmap", help="Regions that raised the output, over what the network saw.")
        opacity = st.slider("Opacity of the heatmap", 0, 100, 60, format="%d %%", key="heatmap.opacity",
                            disabled=not shown, width=260)
        of = st.radio("Regions that raised the output for", ["predicted", "truth"], horizontal=True, key="heatmap.of",
                      format_func={"predicted": "the predicted diagnosis", "truth": "the true diagnosis"}.get,
                      disabled=not shown)
    return HeatmapChoice(shown, of, opacity / 100)


def lesion_grid(
    rows: pd.DataFrame, dataset: Dataset, config: RunConfig, heatmaps: resources.Heatmaps | None,
    choice: HeatmapChoice, view: str,
) -> None:
    """The cards of `rows`, some at a time; `view` names what is shown, so that another view starts at its top."""
    key = f"grid.{view}"
    shown = st.session_state.get(key, PAGE)
    table = resources.metadata(dataset)
    for start in range(0, min(shown, len(rows)), 2):
        for column, row in zip(st.columns(2), rows.iloc[start : start + 2].to_dict("records"), strict=False):
            with column.container(border=True):
                _card(row, dataset, table, config, heatmaps, choice)
    if shown < len(rows):
        st.button(
            f"Show {min(PAGE, len(rows) - shown)} more ({shown} of {len(rows):,} shown)", key=f"{key}.more",
            on_click=lambda: st.session_state.update({key: shown + PAGE}), icon=":material/expand_more:",
        )


def _heatmap(row: dict, heatmaps: resources.Heatmaps, of: str) -> np.ndarray | None:
    index = heatmaps.row.get(row["image_id"])
    return None if index is None else getattr(heatmaps, of)[index].astype(np.float32)


def _card(row, dataset, table, config, heatmaps, choice) -> None:
    image_id = row["image_id"]
    seen_side, untouched_side = st.columns(2, wrap=False)
    try:
        path = dataset.image_path(table.at[image_id, "file"])
        seen = resources.as_seen(path, config.height, config.width, config.resize)
        untouched = resources.untouched(path)
    except KeyError:
        st.caption(f"The data set no longer has the image {image_id}.")
        return
    except ImageError as error:
        st.caption(as_text(str(error)))
        return
    caption = "As the network saw it"
    if choice.shown and heatmaps is not None:
        heatmap = _heatmap(row, heatmaps, choice.of)
        if heatmap is not None and has_evidence(heatmap):
            seen = overlay(seen, heatmap, choice.opacity)
            caption = f"Regions that raised the output for {row[choice.of]}"
        else:
            caption = NO_EVIDENCE
    seen_side.image(seen, caption=caption, width="stretch", output_format="PNG",
                    alt=f"Image {image_id} as the network saw it")
    untouched_side.image(untouched, caption="Untouched", width="stretch", output_format="JPEG",
                         alt=f"Untouched image {image_id}")
    source = table.at[image_id, "dx_type"]
    st.markdown(
        f"**Truth:** {label(row['truth'])}" + (f" ({_TRUTH_WORDS.get(source, source)})" if source else "")
        + f"  \n**Prediction:** {label(row['predicted'])}, {probability(row['p_' + row['predicted']])}"
        + f"  \nProbability of the truth {probability(row['p_' + row['truth']])} · loss {decimal(row['loss'], 2)}"
    )
    st.caption(f"Image {image_id} · lesion {row['lesion_id']}")


_TRUTH_WORDS = {"histo": "histology", "follow_up": "follow-up", "consensus": "consensus", "confocal": "confocal"}
