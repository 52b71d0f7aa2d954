"""A model's output for one image: all probabilities, the regions that raised one of them, and the notice."""

import streamlit as st

from app import resources
from app.charts import probabilities_figure, probabilities_table
from app.components.figures import dark, show
from app.components.lesion_grid import NO_EVIDENCE
from app.components.visitor_image import VisitorImage
from app.wording import as_text, probability
from pipeline.classes import label
from pipeline.data.generated import NOTICE
from pipeline.explain.overlay import has_evidence, overlay
from pipeline.inference.admission import refusal
from pipeline.inference.model_info import ModelInfo


def prediction_panel(info: ModelInfo, image: VisitorImage, opacity: float, number: int) -> None:
    """Everything about one image; `number` tells the panels of a page apart. A refused image gets no probabilities."""
    from pipeline.inference.notice import notice

    with st.container(border=True):
        st.markdown(f"**{as_text(image.name)}**")
        if why := refusal(info, image.generated):
            left, right = st.columns([1, 3])
            left.image(image.pixels, width="stretch", output_format="JPEG", alt=f"Untouched image {image.name}")
            right.warning(as_text(f"No model output. {why}"), icon=":material/block:")
            return
        seen, probabilities = resources.output(info, image.pixels, image.digest)
        table = probabilities_table(dict(zip(info.classes, probabilities, strict=True)))
        pictures, bars = st.columns([5, 4], gap="large")
        with bars:
            show(probabilities_figure(table, dark()), table, f"{image.name}-output",
                 key=f"output.{number}.{image.digest[:12]}")
        with pictures:
            _pictures(info, image, seen, table, opacity, number)
        st.warning(notice(info), icon=":material/info:")


def _pictures(info: ModelInfo, image: VisitorImage, seen, table, opacity: float, number: int) -> None:
    first = table.iloc[0]
    st.markdown(f"Model output: **{first['diagnosis']}**, {probability(first['probability'])}")
    code = st.selectbox(
        "Regions that raised the output for", list(table["code"]), format_func=label,
        key=f"regions.{number}.{info.name}.{image.digest[:12]}",
    )
    heatmap = resources.explanation(info, seen, image.digest, code)
    evident = has_evidence(heatmap)
    caption = f"Regions that raised the output for {label(code)}" if evident else NO_EVIDENCE
    left, right = st.columns(2, wrap=False)
    left.image(overlay(seen, heatmap, opacity), caption=caption, width="stretch", output_format="PNG",
               alt=f"{caption}, laid over what the network saw of {image.name}")
    right.image(image.pixels, caption="Untouched", width="stretch", output_format="JPEG",
                alt=f"Untouched image {image.name}")
    if image.truth:
        st.caption(f"Truth in the data set: {label(image.truth)}.")
    if image.generated:
        st.caption(NOTICE.capitalize() + ".")
