"""A batch as the network will see it: images as imported, as fitted to its input, and as training varies them."""

import base64
from typing import Any

import streamlit as st

from app.components.long_work import SessionWork
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.configuration.config import RunConfig
from pipeline.data.tables import NOT_RECORDED
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import PreviewRequest
from pipeline.shown import as_text

PREVIEW = "Show a batch"
ANOTHER = "Show another batch"


def _read(work: ShortWork) -> dict[str, Any]:
    """The answer with its pictures as bytes."""
    found = work.result()
    images = [
        {
            **image, "imported": base64.b64decode(image["imported"]), "fitted": base64.b64decode(image["fitted"]),
            "variants": [base64.b64decode(variant) for variant in image["variants"]],
        }
        for image in found["images"]
    ]
    return {**found, "images": images}


def _cell(picture: bytes, caption: str, alt: str) -> None:
    with st.container(width="stretch", gap="xxsmall"):
        st.image(picture, width="stretch", alt=alt)
        st.caption(caption)


def _row(image: dict[str, Any], answer: dict[str, Any]) -> None:
    width, height, generated = answer["width"], answer["height"], answer["generated"]
    fitted = f"Fitted, {width}×{height}" + (", enlarged" if width > image["width"] or height > image["height"] else "")
    drawing = ", a generated drawing" if generated else ""
    alt = f"{image['image_id']}: {label(image['truth'])}{drawing}"
    said = reference(image["truth"], image["truth_source"] or NOT_RECORDED, generated=generated)
    st.markdown(f"{said} · {as_text(image['image_id'])}")
    before, after = st.columns(2)
    with before.container(horizontal=True):
        _cell(image["imported"], f"As imported, {image['width']}×{image['height']}", f"{alt}, as imported")
        _cell(image["fitted"], fitted, f"{alt}, as fitted")
    with after.container(horizontal=True):
        for number, variant in enumerate(image["variants"], start=1):
            _cell(variant, f"In training, variant {number}", f"{alt}, training variant {number}")


def _show(answer: dict[str, Any], seconds_ago: float) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("What the network sees", width="content")
        st.button("Close", key="preview.close", icon=":material/close:", type="tertiary", on_click=_WORK.forget)
    for step in answer["steps"]:
        name, _, words = step.partition(" ")
        st.markdown(f"**{name}** {words}")
    if answer["generated"]:
        st.caption("Generated – not for learning dermoscopy.")
    for image in answer["images"]:
        _row(image, answer)
    st.caption("Images of the training part, different diagnoses first. Validation shows its images to the network as "
               "fitted; training shows another variant in each epoch. Pictures of more than 512 pixels are reduced to "
               "that on this page.")


_WORK = SessionWork("preview", "Prepares the batch", _show, _read)


def preview_button(plan: RunConfig | None) -> None:
    """The button; a preview of another configuration than `plan`, or of none, is forgotten and its work ended."""
    shown = _WORK.has_answer(plan)
    draw = _WORK.request.draw + 1 if shown else 0
    _WORK.button(
        ANOTHER if shown else PREVIEW, ":material/grid_view:",
        "Some training images before and after what is done to them. Takes about ten seconds.", plan,
        plan and PreviewRequest(plan, draw),
    )


def preview_view() -> None:
    """The preview in the making, with a way to end it, then its images; nothing before it was asked for."""
    _WORK.view()
