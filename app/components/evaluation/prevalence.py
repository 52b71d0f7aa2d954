"""Which prevalence figures per 1,000 lesions hold for: the data set's, ISIC 2020's, or one's own. In the address."""

import math

import pandas as pd
import streamlit as st

from app.addresses.links import remember
from app.loaders import evaluation_rows
from pipeline.data.dataset import Dataset
from pipeline.metrics.operating_point import ISIC_2020_MELANOMA
from pipeline.number_words import count, percent
from pipeline.shown import as_text

_DATA, _ISIC, _OWN = "data", "isic-2020", "own"
_KEY, _OWN_KEY = "radio.prevalence", "evaluation.own"
_FIRST_OWN = 1.0  # percent


def choose_prevalence(
    target: str, codes: tuple[str, ...], noun: str, dataset: Dataset | None, scores: pd.DataFrame
) -> float:
    """The chosen prevalence, 0..1, with the control that chooses it.

    Args:
        scores: `lesion_scores` of the part; they stand for the data set where that is gone.
    """
    if dataset is None:
        ill, all_lesions, place = int(scores["positive"].sum()), len(scores), "this part"
    else:
        (ill, all_lesions), place = evaluation_rows.lesion_prevalence(dataset, codes), "this data set"
    here = ill / all_lesions
    options = {_DATA: f"{place.capitalize()}: {ill:,} of {count(all_lesions, 'lesion')}, {percent(here)}"}
    if target == "mel":
        options[_ISIC] = f"ISIC 2020: {percent(ISIC_2020_MELANOMA)} of its images"
    options[_OWN] = "My own"
    asked, own = _of_address(options)
    st.session_state[_KEY] = asked
    st.radio(f"Prevalence of {noun}s", list(options), key=_KEY, format_func=options.get,
             on_change=lambda: _remember(st.session_state[_KEY], own))
    if asked != _OWN:
        return here if asked == _DATA else ISIC_2020_MELANOMA
    st.session_state[_OWN_KEY] = own
    st.number_input("My prevalence, in percent of lesions", 0.1, 99.0, step=0.1, format="%.1f", key=_OWN_KEY,
                    on_change=lambda: _remember(_OWN, st.session_state[_OWN_KEY]))
    return own / 100


def _of_address(options: dict[str, str]) -> tuple[str, float]:
    """Which of `options`, and one's own percentage."""
    asked = st.query_params.get("prevalence")
    if asked is None or asked in (_DATA, _ISIC):
        if asked is None or asked in options:
            return asked or _DATA, _FIRST_OWN
    else:
        try:
            value = float(asked)
        except ValueError:
            value = math.nan
        if 0.1 <= value <= 99:
            return _OWN, value
    st.warning(as_text(f"The address names the prevalence {asked[:20]}, which is not to be had here. Shown instead: "
                       f"{options[_DATA]}."), icon=":material/link_off:")
    return _DATA, _FIRST_OWN


def _remember(which: str, own: float) -> None:
    remember(prevalence=f"{own:.1f}" if which == _OWN else which)
