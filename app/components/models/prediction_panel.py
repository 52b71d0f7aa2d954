"""A model's output for one image: all probabilities, the regions that raised one of them, and the notice."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app.charts.predictions import probabilities_figure, probabilities_table
from app.components.figures import dark, show
from app.components.lesion_grid import NO_EVIDENCE
from app.components.models.visitor_image import Truth, VisitorImage
from app.loaders import resources
from app.loaders.image_pixels import with_regions
from app.words.evaluation_words import ANSWER_WORDS
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.images.generated import NOTICE
from pipeline.models.decided_output import available_decisions, decided_output, model_priors, without_priors
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import refusal
from pipeline.models.recognition import recognised_sentences
from pipeline.networks.overlay import has_evidence
from pipeline.number_words import probability
from pipeline.shown import as_text
from pipeline.vocabulary import Decision


def prediction_panel(info: ModelInfo, image: VisitorImage, number: int) -> None:
    """Everything about one image; `number` tells the panels of a page apart. A refused image gets no probabilities."""
    from pipeline.models.notice import notice

    with st.container(border=True):
        if why := refusal(info, image.generated):
            left, right = st.columns([1, 3])
            left.image(image.pixels, caption=as_text(image.name), width="stretch", output_format="JPEG",
                       alt=f"Untouched image {image.name}")
            right.warning(as_text(f"No model output. {why}"), icon=":material/block:")
            return
        output = resources.output(info, image.pixels, image.digest, name=Path(image.name).stem)
        answers = _answers(info, output.probabilities)
        table = next(iter(answers.values()))
        _headline(info, image, answers)
        if output.recognised:
            st.info(as_text(recognised_sentences(info, output.recognised)), icon=":material/fingerprint:")
        pictures, bars = st.columns([5, 4], gap="medium")
        with pictures:
            _pictures(info, image, output, list(table["code"]), number)
            st.warning(notice(info), icon=":material/info:")
        with bars:
            show(probabilities_figure(table, dark()), table, f"{image.name}-output",
                 key=f"output.{number}.{image.digest[:12]}")


def _answers(info: ModelInfo, probabilities: np.ndarray) -> dict[Decision, pd.DataFrame]:
    """`probabilities_table` under each decision that can be had; the first is the one that is shown."""
    priors = model_priors(resources.workspace(), info)
    return {
        name: probabilities_table(dict(zip(
            info.classes, decided_output(info, probabilities[None], priors, name)[0], strict=True)))
        for name in available_decisions(info, priors)
    }


def _decisions(info: ModelInfo, answers: dict[Decision, pd.DataFrame]) -> None:
    lines = [f"{ANSWER_WORDS[name]}: **{as_text(table['diagnosis'].iloc[0])}**" for name, table in answers.items()]
    if len(answers) == 1:
        lines.append(as_text(without_priors(info)))
    st.markdown("  \n".join(lines))


def _headline(info: ModelInfo, image: VisitorImage, answers: dict[Decision, pd.DataFrame]) -> None:
    first = next(iter(answers.values())).iloc[0]
    share = probability(first["probability"]).replace(" ", "\N{NO-BREAK SPACE}")
    st.markdown(f"##### Model output: {as_text(first['diagnosis'])}, {share}")
    if image.truth:
        st.markdown(_truth_words(info, image, image.truth))
    _decisions(info, answers)
    st.caption(as_text(f"Image {image.name}.") + (f" {NOTICE.capitalize()}." if image.generated else ""))


def _truth_words(info: ModelInfo, image: VisitorImage, truth: Truth) -> str:
    origin = f", from {as_text(truth.source)}" if truth.source else ""
    unknown = "" if truth.dx in info.classes else ". It is not among the diagnoses that the model chooses among"
    if image.generated:
        return f"{reference(truth.dx, generated=True)}{unknown}."
    return f"**Reference diagnosis** in the data set: **{as_text(label(truth.dx))}**{origin}{unknown}."


def _pictures(info: ModelInfo, image: VisitorImage, output: resources.Output, codes: list[str], number: int) -> None:
    left, right = st.columns([3, 2])
    code = left.selectbox(
        "Regions that raised the output for", codes, format_func=label,
        key=f"regions.{number}.{info.name}.{image.digest[:12]}",
    )
    opacity = right.slider("Opacity of the heatmap", 0, 100, 60, format="%d %%", key=f"opacity.{number}") / 100
    heatmap = resources.explanation(info, output, image.digest, code, output.network)
    evident = has_evidence(heatmap)
    caption = f"Regions that raised the output for {as_text(code)}" if evident else NO_EVIDENCE
    left, right = st.columns(2, wrap=False)
    left.image(with_regions(image.pixels, heatmap, info, opacity), caption=caption, width="stretch",
               output_format="PNG", alt=f"{caption}, laid over the image {image.name}")
    right.image(image.pixels, caption="Untouched", width="stretch", output_format="JPEG",
                alt=f"Untouched image {image.name}")
