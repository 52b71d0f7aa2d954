"""One image as large as it goes, with a magnified detail; and its two heatmaps on one scale."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from app.components.lesion_grid import NO_EVIDENCE
from app.loaders import resources
from app.loaders.image_pixels import at_its_shape, thumbnail, untouched, with_regions
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.networks.overlay import has_evidence
from pipeline.number_words import percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_MOST = 8.0  # magnification
_DETAIL_PIXELS = 640  # a magnified detail's longer side, at least


def zoomed_image(dataset: Dataset, row: dict) -> None:
    """The untouched image; sliders, which work by keyboard and touch, magnify a part of it.

    Args:
        row: the image's row of the metadata.

    Raises:
        ImageError: its file is gone or cannot be read.
    """
    path, alt = dataset.image_path(row["file"]), f"Untouched image {row['image_id']}"
    untouched(path)  # says so here where it cannot be read, not within the fragment

    @st.fragment
    def draw() -> None:
        place = st.container()
        zoom = st.slider("Magnification", 1.0, _MOST, 1.0, 0.5, format="%.1f×", key="case.zoom")
        if zoom == 1:
            place.image(thumbnail(path, row["width"], row["height"]), width="stretch", alt=alt)
            return
        left, right = st.columns(2)
        across = left.slider("Left to right", 0, 100, 50, format="%d %%", key="case.across") / 100
        down = right.slider("Top to bottom", 0, 100, 50, format="%d %%", key="case.down") / 100
        detail = _detail(untouched(path), zoom, across, down)
        place.image(detail, width="stretch", output_format="JPEG", alt=f"{alt}, a part of it magnified {zoom:g} times")

    draw()


def _detail(pixels: np.ndarray, zoom: float, across: float, down: float) -> np.ndarray:
    from PIL import Image

    height, width = pixels.shape[:2]
    lines, columns = max(round(height / zoom), 1), max(round(width / zoom), 1)
    top, left = round((height - lines) * down), round((width - columns) * across)
    part = Image.fromarray(pixels[top : top + lines, left : left + columns])
    scale = max(_DETAIL_PIXELS / max(part.size), 1)
    return np.asarray(part.resize((round(columns * scale), round(lines * scale)), Image.Resampling.BICUBIC))


def two_heatmaps(run: RunDir, case: dict, picture: np.ndarray, seen: Callable[[], np.ndarray]) -> None:
    """What the network saw, and over the picture the regions that raised the output for the truth and the prediction.

    Both are scaled by the stronger one's maximum, so their colours can be compared.

    Args:
        picture: untouched, uint8 (H, W, 3).
        seen: gives what the network saw of it, uint8 (H, W, 3).
    """
    stored = resources.heatmaps(run)
    index = stored.row.get(case["image_id"]) if stored else None
    if index is None:
        st.caption("This run stored no heatmap of this image.")
        return
    maps = {"truth": stored.truth[index].astype(np.float32), "predicted": stored.predicted[index].astype(np.float32)}
    names = {"truth": "the true diagnosis", "predicted": "the predicted diagnosis"}
    if case["truth"] == case["predicted"]:
        maps, names = {"truth": maps["truth"]}, {"truth": "the true diagnosis, which is the predicted one"}
    peak = max(float(heatmap.max()) for heatmap in maps.values())
    opacity = st.slider("Opacity of the heatmaps", 0, 100, 60, format="%d %%", key="case.opacity") / 100
    config = run.config()
    columns = st.columns(3)
    seen_there = at_its_shape(seen(), (picture.shape[1], picture.shape[0]), config)
    columns[0].image(seen_there, width="stretch", output_format="PNG", caption="As the network saw it",
                     alt=f"Image {case['image_id']} as the network saw it")
    for column, (of, heatmap) in zip(columns[1:], maps.items(), strict=False):
        words = (f"Regions that raised the output for {names[of]}, {as_text(label(case[of]))}" if has_evidence(heatmap)
                 else f"{as_text(label(case[of]))}: {NO_EVIDENCE[0].lower()}{NO_EVIDENCE[1:]}")
        column.image(with_regions(picture, heatmap, config, opacity, peak or None), width="stretch",
                     output_format="PNG", caption=words, alt=f"{words}, over the image {case['image_id']}")
    if len(maps) == 2 and peak > 0:
        weaker, stronger = sorted(maps, key=lambda of: float(maps[of].max()))
        share = float(maps[weaker].max()) / peak
        st.caption(f"One scale for both: the strongest region for {as_text(label(case[weaker]))} reaches "
                   f"{percent(share, 0)} of the strongest one for {as_text(label(case[stronger]))}.")
