"""The models as rows: name, what it was trained on, its figure with its interval, and what to do with it."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.addresses.links import CLASSIFY, go, remember
from pipeline.metrics.metric_registry import METRICS
from pipeline.metrics.units import bounds_words, figure_words
from pipeline.models.library import title_of
from pipeline.models.model_info import ModelInfo
from pipeline.number_words import UNDEFINED, count
from pipeline.shown import as_text

PAGE = 8  # rows drawn at a time
_SHOWN = "models.shown"
_WIDTHS = [7, 7, 10, 9]
_FIGURE = METRICS["balanced_accuracy"]


def model_rows(models: Sequence[ModelInfo], opened: str | None, draw: Callable[[ModelInfo], None]) -> None:
    """A row a model, the one in the box first; the opened one's details stand below its row.

    Args:
        models: the newest first.
        opened: the name of one of them; it is shown however far down it stands.
        draw: draws a model's details.
    """
    ordered = sorted(models, key=lambda info: not info.read_only)
    place = next((place for place, info in enumerate(ordered, 1) if info.name == opened), 0)
    shown = max(st.session_state.get(_SHOWN, PAGE), place)
    for info in ordered[:shown]:
        with st.container(border=True):
            _row(info, info.name == opened)
            if info.name == opened:
                draw(info)
    if shown < len(ordered):
        st.button(f"Show {min(PAGE, len(ordered) - shown):,} more ({shown:,} of {len(ordered):,} shown)",
                  key="models.more", icon=":material/expand_more:",
                  on_click=lambda: st.session_state.update({_SHOWN: shown + PAGE}))


def _row(info: ModelInfo, opened: bool) -> None:
    name, data, figure, actions = st.columns(_WIDTHS, vertical_alignment="center")
    name.markdown(f"**{as_text(title_of(info))}**")
    data.markdown(_trained_on(info))
    figure.markdown(_figure(info))
    with actions.container(horizontal=True, gap="small"):
        if st.button("Classify with it", type="primary", key=f"models.classify.{info.name}",
                     icon=":material/image_search:"):
            go(CLASSIFY, model=info.name)
        st.button("Close" if opened else "Card and files", key=f"models.open.{info.name}", on_click=remember,
                  kwargs={"model": None if opened else info.name},
                  icon=":material/expand_less:" if opened else ":material/description:")


def _trained_on(info: ModelInfo) -> str:
    """ "479 drawings of 344 lesions · generated"."""
    if info.members:
        return as_text(f"Mean of {count(len(info.members), 'model')}: {', '.join(name for name, _ in info.members)}")
    images = count(info.training_images, "drawing" if info.generated else "image")
    return as_text(f"{images} of {count(info.training_lesions, 'lesion')} · {info.data}")


def _figure(info: ModelInfo) -> str:
    """Its balanced accuracy with its interval, and on what; a dash where nothing judged it."""
    figures = info.validation or {}
    if not figures.get("images"):
        return f"{_FIGURE.title} {UNDEFINED}"
    ends = figures.get("intervals", {}).get(_FIGURE.key, (None, None))
    judged = ("image in cross-validation", "images in cross-validation") if info.split == "all" or info.folds else (
        "validation image", "validation images")
    value = figures.get(_FIGURE.key)
    return (f"{_FIGURE.title} **{figure_words(value, _FIGURE.unit)}** ({bounds_words(ends, _FIGURE.unit)})  \n"
            f"on {count(figures['images'], *judged)}")
