"""A class is asked whether a criterion is to be seen: one image at a time, yes or no, then what was marked."""

import pandas as pd
import streamlit as st

from app.addresses.links import linked, remember
from app.components.criteria.marked_pictures import picture_of_criterion, reference_line
from app.components.one_lesion import patient_words
from app.loaders.criteria_rows import asked_about
from app.words.criteria_words import CRITERIA_WORDS
from pipeline.data.dataset import Dataset
from pipeline.data.tables import recorded
from pipeline.shown import as_text
from pipeline.vocabulary import Criterion

_ASKED = 20  # images
_WIDTHS = [1, 1]
_SIDE = 480  # CSS pixels: a square picture is whole on a laptop's screen


def ask_about(dataset: Dataset, table: pd.DataFrame, criterion: Criterion) -> None:
    """The image of the address, its question, and once it is answered the mark.

    Args:
        table: the data set's metadata, indexed by image_id.
    """
    images = asked_about(dataset, criterion, _ASKED)
    if not images:
        st.info("Nothing is known of this criterion in this data set.")
        return
    link = linked("image", images)
    if link.problem:
        st.warning(as_text(link.problem), icon=":material/link_off:")
    image_id = link.value or next(iter(images))
    marked, row = images[image_id], table.loc[image_id]
    guess = st.query_params.get("guess")
    picture, words = st.columns(_WIDTHS, gap="medium")
    with words:
        st.subheader(CRITERIA_WORDS[criterion].ask, anchor=False)
        if row[["age", "sex", "localization"]].map(recorded).notna().any():
            st.markdown(patient_words(row["age"], row["sex"], row["localization"]))
        with st.container(horizontal=True):
            for answer, label in (("marked", "Yes"), ("not", "No")):
                st.button(label, key=f"criteria.{answer}", on_click=remember, kwargs={"guess": answer},
                          type="primary" if guess == answer else "secondary")
        if guess in ("marked", "not"):
            _answer(criterion, guess == "marked", marked)
            st.markdown(reference_line(dataset, row))
        _turn(list(images), image_id)
    with picture:
        picture_of_criterion(dataset, row, criterion, outline=marked and guess in ("marked", "not"), width=_SIDE)


def _answer(criterion: Criterion, seen: bool, marked: bool) -> None:
    name = CRITERIA_WORDS[criterion].lower
    agree = "As you say: " if seen == marked else "You say otherwise: "
    if marked:
        st.markdown(f"{agree}{as_text(name)}: **marked** here.")
    else:
        st.markdown(f"{agree}{as_text(name)}: **not marked** here. That does not show that there is none.")


def _turn(images: list[str], here: str) -> None:
    place = images.index(here)
    with st.container(horizontal=True, vertical_alignment="center"):
        for words, to, arrow in (("Previous", place - 1, "Left"), ("Next", place + 1, "Right")):
            inside = 0 <= to < len(images)
            st.button(words, key=f"criteria.{words.lower()}", disabled=not inside, shortcut=arrow, on_click=remember,
                      kwargs={"image": images[to] if inside else here, "guess": None})
        st.markdown(f"{place + 1:,} of {len(images):,}", width="content")
