"""A picture and a model's output for it: the answer, all probabilities, the regions that raised one, and the notice."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.charts.predictions import probabilities_figure, probabilities_table
from app.components.figures import dark, show
from app.components.judged_pictures import NO_EVIDENCE
from app.components.models.check_panel import check_panel
from app.components.models.other_model import refused
from app.components.models.set_lines import set_lines
from app.components.models.visitor_image import Truth, VisitorImage
from app.components.notice_panel import notice_panel
from app.loaders import resources
from app.loaders.image_pixels import at_its_shape, with_regions
from app.words.evaluation_words import ANSWER_WORDS
from app.words.factor_words import reference
from app.words.seen_words import seen_of
from pipeline.classes import label
from pipeline.images.generated import NOTICE
from pipeline.models.decided_output import available_decisions, decided_output, model_priors, without_priors
from pipeline.models.model_info import ModelInfo
from pipeline.models.recognition import recognised_sentences
from pipeline.networks.overlay import has_evidence
from pipeline.number_words import probability
from pipeline.shown import as_text
from pipeline.vocabulary import Decision

_WIDTHS = [3, 2]  # of the picture, and of what is said of it


def image_panel(info: ModelInfo, image: VisitorImage, number: int, allowed: bool | None) -> None:
    """The picture at once, and beside it the model's output; a refused image gets none.

    Args:
        number: tells the panels of a page apart.
        allowed: whether the model may be asked about it; None: the visitor has not said yet.

    Raises:
        ModelError: the model's weights are missing or do not fit.
    """
    with st.container(border=True):
        top = st.container()
        left, right = st.columns(_WIDTHS, gap="medium")
        picture, checks = left.container(), left.container()
        with right:
            if refused(info, image.generated, number):
                _untouched(picture, image)
            elif not allowed:
                _untouched(picture, image)
                if allowed is None:
                    st.info("Answer the question above to see the model's output.", icon=":material/help:")
            else:
                _answered(info, image, number, top, picture, left)
        if not image.generated:
            with checks:
                check_panel(image)
        with top:
            _name(image)


def _untouched(place: DeltaGenerator, image: VisitorImage) -> None:
    place.image(image.pixels, width="stretch", output_format="JPEG", alt=f"Untouched image {image.name}")


def _name(image: VisitorImage) -> None:
    st.caption(as_text(f"Image {image.name}.") + (f" {NOTICE.capitalize()}." if image.generated else ""))


def _answered(
    info: ModelInfo, image: VisitorImage, number: int, top: DeltaGenerator, picture: DeltaGenerator,
    below: DeltaGenerator,
) -> None:
    """`top` is the place of the answer, `picture` that of the picture, `below` that of what belongs to it."""
    regions = st.session_state.get(f"regions.shown.{number}", False)
    if not regions:
        _untouched(picture, image)  # before the network is loaded and has answered
    with st.container(), st.spinner("Loading the network: some seconds the first time."):
        resources.predictor(info)
    output = resources.output(info, image.pixels, image.digest, name=Path(image.name).stem)
    answers = decided_answers(info, output.probabilities)
    table = next(iter(answers.values()))
    with top:
        _headline(info, image, table)
        if output.recognised:
            st.info(as_text(recognised_sentences(info, output.recognised)), icon=":material/fingerprint:")
        set_lines(info, output, image.name, table["code"].iloc[0])
    show(probabilities_figure(table, dark()), table, f"{image.name}-output", key=f"output.{number}.{image.digest[:12]}")
    _decisions(info, answers)
    with below:
        st.toggle("Regions that raised the output", key=f"regions.shown.{number}")
        if regions:
            _regions(picture, info, image, output, list(table["code"]), number)
        _seen(info, image, output)
        notice_panel(info, f"{info.name}/{image.digest}")


def decided_answers(info: ModelInfo, probabilities: np.ndarray) -> dict[Decision, pd.DataFrame]:
    """`probabilities_table` under each decision that can be had; the first is the one that is shown."""
    priors = model_priors(resources.workspace(), info)
    return {
        name: probabilities_table(dict(zip(
            info.classes, decided_output(info, probabilities[None], priors, name)[0], strict=True)))
        for name in available_decisions(info, priors)
    }


def _decisions(info: ModelInfo, answers: dict[Decision, pd.DataFrame]) -> None:
    """The answer under each decision, folded; whether they differ stands on the fold."""
    lines = [f"{ANSWER_WORDS[name]}: **{as_text(table['diagnosis'].iloc[0])}**" for name, table in answers.items()]
    differ = len({table["code"].iloc[0] for table in answers.values()}) > 1
    title = "Two decisions, two answers" if differ else "Both decisions answer so"
    if len(answers) == 1:
        title = "One decision"
        lines.append(as_text(without_priors(info)))
    with st.expander(title, icon=":material/balance:"):
        st.markdown("  \n".join(lines))


def _headline(info: ModelInfo, image: VisitorImage, table: pd.DataFrame) -> None:
    first = table.iloc[0]
    share = probability(first["probability"]).replace(" ", "\N{NO-BREAK SPACE}")
    st.markdown(f"##### Model output: {as_text(first['diagnosis'])}, {share}")
    if image.truth:
        st.markdown(_reference(info, image, image.truth))


def _reference(info: ModelInfo, image: VisitorImage, truth: Truth) -> str:
    unknown = "" if truth.dx in info.classes else " It is not among the diagnoses that the model chooses among."
    return f"{reference(truth.dx, truth.dx_type, generated=image.generated)}.{unknown}"


def _regions(
    place: DeltaGenerator, info: ModelInfo, image: VisitorImage, output: resources.Output, codes: list[str], number: int
) -> None:
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    code = left.selectbox(
        "Regions that raised the output for", codes, format_func=label, label_visibility="collapsed",
        key=f"regions.{number}.{info.name}.{image.digest[:12]}",
    )
    opacity = right.slider("Opacity of the heatmap", 0, 100, 60, format="%d %%", key=f"opacity.{number}") / 100
    heatmap = resources.explanation(info, output, image.digest, code, output.network)
    caption = f"Regions that raised the output for {as_text(code)}" if has_evidence(heatmap) else NO_EVIDENCE
    place.image(with_regions(image.pixels, heatmap, info, opacity), caption=caption, width="stretch",
                output_format="PNG", alt=f"{caption}, laid over the image {image.name}")


def _seen(info: ModelInfo, image: VisitorImage, output: resources.Output) -> None:
    """What reaches the network, at its true shape; open where it is not the whole picture as it was brought."""
    size = (image.pixels.shape[1], image.pixels.shape[0])
    seen = seen_of(size, info)
    pixels = "" if info.members else f": {info.width}×{info.height} pixels"
    with st.expander(f"What the network sees{pixels}", icon=":material/grid_view:", expanded=not seen.unchanged):
        st.image(at_its_shape(output.seen, size, info), caption=as_text(seen.words), output_format="JPEG",
                 alt=f"What the network sees of the image {image.name}")
