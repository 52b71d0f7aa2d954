"""One image as large as it goes: untouched, with the regions that raised an output over it, or a part magnified."""

from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image

from app.components.help_text import prose
from app.components.judged_pictures import NO_EVIDENCE
from app.loaders import resources
from app.loaders.image_pixels import thumbnail, untouched, with_regions
from app.words.factor_words import reference_noun
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.networks.overlay import has_evidence
from pipeline.number_words import percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_REGIONS, _NONE = "case.regions", "none"
_MOST = 8.0  # magnification
_DETAIL_PIXELS = 640  # a magnified detail's longer side, at least


class Regions(NamedTuple):
    """One stored heatmap of an image.

    Attributes:
        noun: whose output it explains: "the prediction"; code: which diagnosis that is.
        heatmap: (h, w) positive evidence.
        peak: the strongest evidence of all heatmaps of the image, so that their colours compare.
        share: what part of it this one reaches, 0..1; NaN where none has any.
    """

    noun: str
    code: str
    heatmap: np.ndarray
    peak: float
    share: float


def regions_of(run: RunDir, case: dict, *, generated: bool) -> dict[str, Regions]:
    """The stored regions of a case by "predicted" and "truth"; only the first where both are one diagnosis, and none
    where none are stored.

    Args:
        case: its row of `case_table`.
        generated: whether the image is a drawing.

    Raises:
        WorkspaceError: the file of heatmaps is damaged.
    """
    stored = resources.heatmaps(run)
    index = stored.row.get(case["image_id"]) if stored else None
    if stored is None or index is None:
        return {}
    maps = {"predicted": stored.predicted[index].astype(np.float32)}
    nouns = {"predicted": "the prediction", "truth": reference_noun(generated=generated)}
    if case["truth"] == case["predicted"]:
        nouns["predicted"] = f"the prediction and {nouns['truth']}"
    else:
        maps["truth"] = stored.truth[index].astype(np.float32)
    peak = max(float(heatmap.max()) for heatmap in maps.values())
    return {of: Regions(nouns[of], case[of], heatmap, peak, float(heatmap.max()) / peak if peak > 0 else np.nan)
            for of, heatmap in maps.items()}


class Asked(NamedTuple):
    """What of a picture is asked for: `regions` over it or None, their `strength` (0..1), how many times it is
    magnified (from 1), and where its magnified part lies, `across` and `down` (0..1).
    """

    regions: Regions | None
    strength: float
    zoom: float
    across: float
    down: float


def picture_controls(regions: dict[str, Regions]) -> Asked:
    """One press lays regions over the picture, another takes them away; sliders, which work by keyboard and touch, say
    how strongly, and magnify a part.

    Args:
        regions: as `regions_of` gives them.
    """
    shown, strength, across, down = _chosen(regions), 0.0, 0.5, 0.5
    with st.container(horizontal=True, gap="medium"):
        if shown:
            strength = st.slider("Strength", 0, 100, 60, format="%d %%", key="case.opacity", width=150) / 100
        zoom = st.slider("Magnification", 1.0, _MOST, 1.0, 0.5, format="%.1f×", key="case.zoom", width=150)
        if zoom > 1:
            across = st.slider("Left to right", 0, 100, 50, format="%d %%", key="case.across", width=150) / 100
            down = st.slider("Top to bottom", 0, 100, 50, format="%d %%", key="case.down", width=150) / 100
    return Asked(shown, strength, zoom, across, down)


def case_picture(run: RunDir, dataset: Dataset, row: dict, asked: Asked) -> None:
    """The image as it is asked for; untouched where nothing is.

    Args:
        row: the image's row of the metadata.

    Raises:
        ImageError: its file is gone or cannot be read.
    """
    path, alt = dataset.image_path(row["file"]), f"Untouched image {row['image_id']}"
    pixels = untouched(path)
    if shown := asked.regions:
        pixels = with_regions(pixels, shown.heatmap, run.config(), asked.strength, shown.peak or None)
        alt = f"Regions that raised the output for {shown.noun}, {label(shown.code)}, over the image {row['image_id']}"
    if asked.zoom > 1:
        st.image(_detail(pixels, asked.zoom, asked.across, asked.down), width="stretch", output_format="JPEG",
                 alt=f"{alt}, a part of it magnified {asked.zoom:g} times")
    else:
        st.image(pixels if shown else thumbnail(path, row["width"], row["height"]), width="stretch",
                 output_format="PNG" if shown else "auto", alt=alt)


def _chosen(regions: dict[str, Regions]) -> Regions | None:
    if not regions:
        return None
    if st.session_state.get(_REGIONS) not in regions:  # the image before had others
        st.session_state[_REGIONS] = _NONE
    with st.container(horizontal=True, vertical_alignment="bottom"):
        of = st.radio(  # the chosen word of a segmented control has 3.6:1 on a dark page
            "Show the regions that raised the output for", [_NONE, *regions], key=_REGIONS, horizontal=True,
            format_func=lambda one: as_text(f"{regions[one].noun}: {regions[one].code}" if one in regions else _NONE),
        )
        with st.popover("How to read them", icon=":material/help:", type="tertiary"):
            st.markdown(prose("heatmap"))
    shown = regions.get(of)
    if shown:
        st.caption(_said(shown, list(regions.values())))
    return shown


def _said(shown: Regions, all_of_them: list[Regions]) -> str:
    """Whose regions they are and how strong, as text."""
    if not has_evidence(shown.heatmap):
        return as_text(f"{label(shown.code)}: {NO_EVIDENCE[0].lower()}{NO_EVIDENCE[1:]}")
    said = f"Regions that raised the output for {shown.noun}, {label(shown.code)}."
    if len(all_of_them) > 1 and shown.share < 1:
        stronger = next(one for one in all_of_them if one is not shown)
        said += f" The strongest reaches {percent(shown.share, 0)} of the strongest for {label(stronger.code)}."
    return as_text(said)


def _detail(pixels: np.ndarray, zoom: float, across: float, down: float) -> np.ndarray:
    height, width = pixels.shape[:2]
    lines, columns = max(round(height / zoom), 1), max(round(width / zoom), 1)
    top, left = round((height - lines) * down), round((width - columns) * across)
    part = Image.fromarray(pixels[top : top + lines, left : left + columns])
    scale = max(_DETAIL_PIXELS / max(part.size), 1)
    return np.asarray(part.resize((round(columns * scale), round(lines * scale)), Image.Resampling.BICUBIC))
