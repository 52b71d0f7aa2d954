"""Which model stands first on Classify, and the way to the one that answers where the chosen one refuses an image."""

from collections.abc import Sequence

import streamlit as st

from app.addresses.links import TRAIN, remember
from app.addresses.visits import is_earlier, mark
from app.loaders import resources
from pipeline.models.library import title_of
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import refusal
from pipeline.shown import as_text


def short_title(info: ModelInfo) -> str:
    """How boxes and buttons call the model: of the bundled one its title, else the name that commands know."""
    return title_of(info) if info.read_only else info.name


def usual_model(models: Sequence[ModelInfo]) -> ModelInfo:
    """The model for whoever chose none: one for real images, of these the one in the box, else the newest; one of an
    earlier visit only where there is no other.

    Args:
        models: at least one, the newest first.
    """
    return min(models, key=lambda info: (
        not info.read_only and is_earlier(info.created), info.generated, not info.read_only))


def one_that_answers(models: Sequence[ModelInfo], image_is_generated: bool) -> ModelInfo | None:
    """The model for such an image, of several the one in the box, else the newest; None where there is none."""
    kind = [info for info in models if info.generated == image_is_generated]
    return usual_model(kind) if kind else None


def refused(info: ModelInfo, image_is_generated: bool, number: int) -> bool:
    """Whether the model refuses such an image; says why, and offers the model that answers.

    Args:
        number: tells the images of a page apart.
    """
    why = refusal(info, image_is_generated)
    if why is None:
        return False
    st.warning(as_text(f"No model output. {why}"), icon=":material/block:")
    other = one_that_answers(resources.models(), image_is_generated)
    if other is not None:
        st.button(f"Ask {as_text(short_title(other))}", key=f"other.{number}", type="primary",
                  icon=":material/swap_horiz:", on_click=remember, kwargs={"model": other.name},
                  help="A model that was trained on images of this kind.")
    else:
        kind = "generated drawings" if image_is_generated else "real images"
        st.page_link(TRAIN, label=f"Train a model on {kind}", icon=":material/model_training:", query_params=mark())
    return True
