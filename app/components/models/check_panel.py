"""What checks of a picture find, in words, with the place of each that has one a click away."""

import numpy as np
import streamlit as st
from PIL import Image

from app.components.help_text import prose
from app.components.models.visitor_image import VisitorImage
from app.loaders.image_pixels import SIDE
from app.loaders.resources import checked
from app.palette import MARKED
from pipeline.shown import as_text
from pipeline.suitability.checks import NOTHING_FOUND, Finding

_STRENGTH = 0.55  # of the colour over what a check is about


def check_panel(image: VisitorImage) -> None:
    """Says what is odd about a picture, or that nothing was found and what that does not mean."""
    found = checked(image.pixels, image.digest)
    with st.container(horizontal=True, vertical_alignment="center"):
        if found:
            words = "  \n".join(as_text(one.words) for one in found)
            st.warning(words, icon=":material/troubleshoot:", width="stretch")
        else:
            st.caption(f":material/troubleshoot: {NOTHING_FOUND}", width="stretch")
        with st.popover("Checks", type="tertiary", icon=":material/help:"):
            st.markdown(prose("checks"))
            for one in found:
                _place(image, one)


def _place(image: VisitorImage, found: Finding) -> None:
    if found.mask is None or not found.mask.any():
        return
    st.markdown(f"**{as_text(found.words)}**")
    st.image(_marked(image.pixels, found.mask), width="stretch", output_format="JPEG",
             alt=f"Where in {as_text(image.name)}: {as_text(found.words)}")


def _marked(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture, at most SIDE pixels long, with a colour over what the mask marks."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE))
    where = np.asarray(Image.fromarray(mask).resize(picture.size, Image.Resampling.NEAREST))[..., None]
    small = np.asarray(picture, dtype=np.float32)
    return np.where(where, (1 - _STRENGTH) * small + _STRENGTH * np.array(MARKED), small).astype(np.uint8)
