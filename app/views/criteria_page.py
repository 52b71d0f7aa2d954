"""Criteria: what dermoscopic structures look like, on images on which experts marked them; the class can be asked."""

from pathlib import Path

import streamlit as st

from app.addresses.links import GET_DATA, remember
from app.addresses.visits import mark
from app.components import problems
from app.components.criteria.class_question import ask_about
from app.components.criteria.marked_pictures import picture_of_criterion, reference_line
from app.components.help_text import help_text
from app.components.pickers import address_radio, pick
from app.loaders import resources
from app.loaders.criteria_rows import datasets_with_criteria, exemplars
from app.words.criteria_words import CRITERIA_WORDS
from pipeline.data.criterion_masks import read_criteria
from pipeline.data.dataset import Dataset
from pipeline.number_words import percent
from pipeline.shown import as_text
from pipeline.vocabulary import Criterion

_DRAWINGS = Path(__file__).resolve().parents[2] / "assets" / "criteria"
_VIEWS = {"exemplars": "Exemplars", "ask": "Ask the class"}
_CRITERIA = {code: words.name for code, words in CRITERIA_WORDS.items()}
_OF_ONE = ("image", "guess", "draw")  # what the address says of one criterion and view
_SHOWN, _ACROSS = 8, 4


def _words(criterion: Criterion) -> None:
    words = CRITERIA_WORDS[criterion]
    st.markdown(f"**{words.name}** (*{as_text(words.term)}*): {as_text(words.meaning)} Seen in "
                f"{as_text(words.seen_in)}; it proves none of them.")


def _schematic(criterion: Criterion) -> None:
    """No marked image is here: what it looks like, drawn, and where marked images come from."""
    drawing, words = st.columns([2, 3], gap="medium")
    with drawing:
        st.image((_DRAWINGS / f"{criterion}.svg").read_text(encoding="utf-8"), width="stretch",
                 caption="Schematic drawing, no photograph",
                 alt=f"Schematic drawing of {CRITERIA_WORDS[criterion].lower}")
    with words:
        _words(criterion)
        st.markdown("No image with marked criteria is here. ISIC 2018's Task 2 has 2,594 with expert masks: import its "
                    "images, then its masks with `data criteria`.")
        st.page_link(GET_DATA.page, label="Get data", icon=":material/download:",
                     query_params={**GET_DATA.values, **mark()})


def _exemplars(dataset: Dataset, criterion: Criterion) -> None:
    asked = st.query_params.get("draw", "0")
    draw = int(asked[:6]) if asked.isascii() and asked.isdecimal() else 0
    images, table = exemplars(dataset, criterion, draw, _SHOWN), resources.metadata(dataset)
    if not images:
        st.info("This data set has no image on which this criterion was marked in a place that can be seen.")
        return
    known = read_criteria(dataset)
    shares = known[known["criterion"] == criterion].set_index("image_id")["share"]
    with st.container(horizontal=True, vertical_alignment="center"):
        outline = st.toggle("Outline of what was marked", value=True, key="criteria.outline")
        st.button("Others", key="criteria.others", icon=":material/shuffle:", on_click=remember,
                  kwargs={"draw": str(draw + 1)})
    for start in range(0, len(images), _ACROSS):
        for column, image_id in zip(st.columns(_ACROSS), images[start : start + _ACROSS], strict=False):
            with column:
                picture_of_criterion(dataset, table.loc[image_id], criterion, outline=outline)
                st.markdown(f"{reference_line(dataset, table.loc[image_id])}  \n"
                            f":small[marked on {percent(shares[image_id])} of the picture]")


def main() -> None:
    title, place = st.columns([3, 2], vertical_alignment="bottom")
    title.title("Criteria")
    datasets = datasets_with_criteria()
    left, right = st.columns([5, 2])
    with left:
        criterion = address_radio("Criterion", "criterion", _CRITERIA, hidden=True, forgets=_OF_ONE)
    if not datasets:
        _schematic(criterion)
    else:
        with right:
            view = address_radio("View", "view", _VIEWS, hidden=True, forgets=_OF_ONE)
        with place:
            dataset = _dataset(datasets)
        with problems.in_words():
            _words(criterion)
            if view == "ask":
                ask_about(dataset, resources.metadata(dataset), criterion)
            else:
                _exemplars(dataset, criterion)
    help_text("criteria", "Who marked them, and what an empty mask means")


def _dataset(datasets: dict[str, Dataset]) -> Dataset:
    """The one that the address names; there is something to choose only where there are several."""
    if len(datasets) == 1 and st.query_params.get("data") in (None, *datasets):
        return next(iter(datasets.values()))
    return datasets[pick("Data set", "data", list(datasets), default=next(iter(datasets)))]


main()
