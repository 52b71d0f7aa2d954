"""What a model says of pictures that show no lesion, beside what the checks say: one click behind Classify."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from app.components import problems
from app.components.models.other_model import one_that_answers
from app.components.models.prediction_panel import decided_answers
from app.components.notice_panel import notice_panel
from app.loaders import resources
from app.loaders.image_pixels import digest_of, untouched
from pipeline.models.model_info import ModelInfo
from pipeline.number_words import probability
from pipeline.shown import as_text
from pipeline.suitability.checks import NOTHING_FOUND

FOLD = "no_lesion"
_ASSETS = Path(__file__).resolve().parents[3] / "assets"


class NoLesion(NamedTuple):
    """A picture that ships with LesionLab and shows no lesion: what it is, and its file below `assets`."""

    words: str
    file: str

    @property
    def path(self) -> Path:
        return _ASSETS / self.file


PICTURES = (
    NoLesion("A black square", "no-lesion/black-square.png"), NoLesion("A drawn cat", "no-lesion/drawn-cat.png"),
    NoLesion("A screenshot", "screenshot-errors.png"),
)


def no_lesion_panel() -> None:
    """The pictures with their answers, computed once somebody opens the fold; nothing where no model answers real
    images.
    """
    info = one_that_answers(resources.models(), image_is_generated=False)
    if info is None:
        return
    folded = st.expander("No lesion, and yet an answer: a black square, a cat, a screenshot",
                         icon=":material/crop_square:", key=FOLD, on_change="rerun")
    if folded.open:
        with folded, problems.in_words():
            _answered(info)


def _answered(info: ModelInfo) -> None:
    st.markdown("A model must name one of its diagnoses, whatever it is shown. None of these pictures shows a lesion, "
                "so **nothing here is an answer about a lesion**: it is what a model says where nothing looks at the "
                "picture first.")
    with st.spinner("Loading the network: some seconds the first time."):
        resources.predictor(info)
    for column, picture in zip(st.columns(len(PICTURES)), PICTURES, strict=True):
        with column:
            _one(info, picture)
    notice_panel(info, f"{info.name}/{FOLD}")


def _one(info: ModelInfo, picture: NoLesion) -> None:
    """The picture, what the model says under its first decision, and what the checks say.

    Raises:
        ImageError: the file is gone or damaged.
        LimitError: a visitor asked too often.
        ModelError: the model's weights are missing or do not fit.
    """
    pixels = untouched(picture.path)
    digest = digest_of(pixels)
    st.image(pixels, width="stretch", output_format="JPEG", alt=as_text(picture.words))
    output = resources.output(info, pixels, digest)
    first = next(iter(decided_answers(info, output.probabilities).values())).iloc[0]
    st.markdown(f"**The model:** {as_text(first['diagnosis'])}, {probability(first['probability'])}")
    found = [as_text(one.words) for one in resources.checked(pixels, digest)]
    st.markdown("**The checks:** " + (" ".join(found) if found else NOTHING_FOUND))
