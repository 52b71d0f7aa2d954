"""An image's prediction set under a model's answer: in words, the rest behind one click."""

from pathlib import Path

import streamlit as st

from app.components.help_text import prose
from app.loaders import held_out_sets, resources
from pipeline.errors import LesionLabError
from pipeline.files.workspace import error_words
from pipeline.models.model_info import ModelInfo
from pipeline.models.prediction_sets import ModelSets, no_set_sentence, set_sentences
from pipeline.shown import as_text


def set_lines(info: ModelInfo, output: resources.Output, name: str, answer: str) -> None:
    """What fits the image that `output` is the model's for, or why that cannot be said.

    Args:
        name: of the image's file; answer: the diagnosis that the page says the model gives.
    """
    sets: ModelSets | None = None
    try:
        sets = held_out_sets.sets_of(info)
        found = sets.of(output.of_networks, Path(name).stem, output.recognised)
        said = set_sentences(info, found, answer) if found else no_set_sentence(output.recognised)
    except LesionLabError as error:
        said = f"No prediction set. {error_words(error)}"
    st.markdown(as_text(said))
    with st.popover("What a prediction set is", icon=":material/help:", type="tertiary"):
        if sets:
            st.markdown(as_text(sets.held.origin))
        st.markdown(prose("sets"))
