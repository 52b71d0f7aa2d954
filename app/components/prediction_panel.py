"""A model's output for one image: all probabilities, the regions that raised one of them, and the notice."""

import streamlit as st

from app import resources
from app.charts import probabilities_figure, probabilities_table
from app.components.figures import dark, show
from app.components.lesion_grid import NO_EVIDENCE
from app.components.visitor_image import Truth, VisitorImage
from app.wording import as_text, probability
from pipeline.classes import label
from pipeline.data.generated import NOTICE
from pipeline.explain.overlay import has_evidence, overlay
from pipeline.inference.admission import refusal
from pipeline.inference.model_info import ModelInfo


def prediction_panel(info: ModelInfo, image: VisitorImage, number: int) -> None:
    """Everything about one image; `number` tells the panels of a page apart. A refused image gets no probabilities."""
    from pipeline.inference.notice import notice

    with st.container(border=True):
        if why := refusal(info, image.generated):
            left, right = st.columns([1, 3])
            left.image(image.pixels, caption=as_text(image.name), width="stretch", output_format="JPEG",
                       alt=f"Untouched image {image.name}")
            right.warning(as_text(f"No model output. {why}"), icon=":material/block:")
            return
        seen, probabilities = resources.output(info, image.pixels, image.digest)
        table = probabilities_table(dict(zip(info.classes, probabilities, strict=True)))
        _headline(info, image, table.iloc[0])
        pictures, bars = st.columns([5, 4], gap="medium")
        with pictures:
            _pictures(info, image, seen, list(table["code"]), number)
            st.warning(notice(info), icon=":material/info:")
        with bars:
            show(probabilities_figure(table, dark()), table, f"{image.name}-output",
                 key=f"output.{number}.{image.digest[:12]}")


def _headline(info: ModelInfo, image: VisitorImage, first) -> None:
    share = probability(first["probability"]).replace(" ", "\N{NO-BREAK SPACE}")
    st.markdown(f"##### Model output: {first['diagnosis']}, {share}")
    if image.truth:
        st.markdown(_truth_words(info, image.truth))
    st.caption(as_text(f"Image {image.name}.") + (f" {NOTICE.capitalize()}." if image.generated else ""))


def _truth_words(info: ModelInfo, truth: Truth) -> str:
    origin = f", from {truth.source}" if truth.source else ""
    unknown = "" if truth.dx in info.classes else ". It is not among the diagnoses that the model chooses among"
    return f"**Truth** in the data set: **{label(truth.dx)}**{origin}{unknown}."


def _pictures(info: ModelInfo, image: VisitorImage, seen, codes: list[str], number: int) -> None:
    left, right = st.columns([3, 2])
    code = left.selectbox(
        "Regions that raised the output for", codes, format_func=label,
        key=f"regions.{number}.{info.name}.{image.digest[:12]}",
    )
    opacity = right.slider("Opacity of the heatmap", 0, 100, 60, format="%d %%", key=f"opacity.{number}") / 100
    heatmap = resources.explanation(info, seen, image.digest, code)
    evident = has_evidence(heatmap)
    caption = f"Regions that raised the output for {code}" if evident else NO_EVIDENCE
    left, right = st.columns(2, wrap=False)
    left.image(overlay(seen, heatmap, opacity), caption=caption, width="stretch", output_format="PNG",
               alt=f"{caption}, laid over what the network saw of {image.name}")
    right.image(image.pixels, caption="Untouched", width="stretch", output_format="JPEG",
                alt=f"Untouched image {image.name}")
