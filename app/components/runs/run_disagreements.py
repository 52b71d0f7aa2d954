"""The shared images on which compared runs say different things, with pictures and what each run makes of them."""

import math
from itertools import combinations
from typing import Any

import pandas as pd
import streamlit as st

from app.addresses.links import CASE, remember
from app.addresses.visits import mark
from app.components.figures import show_table
from app.components.image_ways import way_links
from app.components.pickers import page_of_address, pager
from app.components.runs.shared_ways import SharedWays
from app.loaders.image_pixels import thumbnail
from app.loaders.other_answers import comparable
from app.loaders.run_data import found_data, images_of
from app.words.factor_words import reference
from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.errors import ImageError
from pipeline.files.workspace import error_words
from pipeline.images.generated import NOTICE
from pipeline.metrics.compare import Comparison, prediction_column, probability_column
from pipeline.number_words import count, probability
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_CARDS, _IN_A_ROW = 12, 4
_VIEW = "runs.cards.view"
_ALL, _NONE = "All disagreements", "None is right"


def disagreements(found: Comparison, names: dict[str, str], runs: list[RunDir], ways: SharedWays) -> None:
    """Their number, a choice among them, their images, and the table."""
    cases = found.disagreements
    st.subheader(f"Where they disagree: {len(cases):,} of {count(found.images, 'shared image')}")
    if cases.empty:
        st.markdown("On every shared image all of them say the same.")
        return
    right = {run: cases[prediction_column(run)] == cases["truth"] for run in found.runs}
    views = {f"Only {names[run]} is right": cases[right[run] & (cases["right"] == 1)] for run in found.runs}
    views = {_ALL: cases, **views, _NONE: cases[cases["right"] == 0]}
    words = {view: f"{view}: {count(len(rows), 'image')}" for view, rows in views.items()}
    view = st.selectbox("Cases", list(views), format_func=words.get, key=f"cases.{'.'.join(found.runs)}")
    chosen = views[view]
    if chosen.empty:
        st.markdown("There is no such image.")
        return
    only = dict(zip(list(views)[1:-1], found.runs, strict=True)).get(view)
    way_links(ways.of_disagreements(len(chosen), only, none_right=view == _NONE))
    _cards(chosen, found, names, runs, f"{'.'.join(found.runs)}.{view}")
    shown = chosen.assign(truth=chosen["truth"].map(label), **{
        prediction_column(run): chosen[prediction_column(run)].map(label) for run in found.runs
    })
    columns = {place(run): place(names[run]) for run in found.runs for place in (prediction_column, probability_column)}
    show_table(shown.rename(columns={"right": "runs that are right", **columns}), view, "disagreements", "runs.cases")


class _Pictures:
    """Where the images of compared runs are: in any of their data sets, by image id and reference diagnosis."""

    def __init__(self, runs: list[RunDir]):
        places = {found.dataset.name: (found.dataset, table) for run in runs
                  if (found := found_data(run)).dataset is not None
                  and (table := images_of(run, found)) is not None}
        self._places = list(places.values())
        self.generated = bool(self._places) and all(dataset.generated for dataset, _ in self._places)

    def of(self, image_id: str, truth: str) -> tuple[Dataset, pd.Series] | None:
        """The data set that has the image, and its row there; None where none has it."""
        for dataset, table in self._places:
            if image_id in table.index and table.at[image_id, "dx"] == truth:
                return dataset, table.loc[image_id]
        return None


def _cards(cases: pd.DataFrame, found: Comparison, names: dict[str, str], runs: list[RunDir], view: str) -> None:
    """All of `cases`, a page at a time; another choice among them starts at its first page."""
    if st.session_state.get(_VIEW, view) != view:
        remember(page=None)
    st.session_state[_VIEW] = view
    if not all(comparable(one, other) for one, other in combinations(runs, 2)):
        st.caption("No pictures: these runs do not stand on one data set, so equal ids may name different images.")
        return
    pages = math.ceil(len(cases) / _CARDS)
    page, pictures = page_of_address(pages), _Pictures(runs)
    if pictures.generated:
        st.caption(f":material/draw: These images are {NOTICE}.")
    pager("runs.cards", page, pages, _CARDS, len(cases))
    rows = cases.iloc[(page - 1) * _CARDS : page * _CARDS].to_dict("records")
    for start in range(0, len(rows), _IN_A_ROW):
        for column, case in zip(st.columns(_IN_A_ROW), rows[start : start + _IN_A_ROW], strict=False):
            with column.container(border=True, height="stretch"):
                _card(case, found, names, pictures)


def _card(case: dict[str, Any], found: Comparison, names: dict[str, str], pictures: _Pictures) -> None:
    image_id = case["image_id"]
    there = pictures.of(image_id, case["truth"])
    if there is None:
        st.caption(f"No data set of these runs that is here has the image {as_text(image_id)}.")
    else:
        dataset, row = there
        try:
            content = thumbnail(dataset.image_path(row["file"]), row["width"], row["height"])
            st.image(content, width="stretch", alt=f"Image {image_id}")
        except ImageError as error:
            st.caption(as_text(error_words(error)))
    lines = [reference(case["truth"], generated=there[0].generated if there else pictures.generated)]
    for run in found.runs:
        predicted = case[prediction_column(run)]
        icon = ":material/check:" if predicted == case["truth"] else ":material/close:"
        verdict = "right" if predicted == case["truth"] else "wrong"
        lines.append(f"{icon} {as_text(names[run])}: {as_text(label(predicted))}, "
                     f"{probability(case[probability_column(run)])} ({verdict})")
    st.markdown("  \n".join(lines))
    st.page_link(CASE, label=f"Open {as_text(image_id)}", icon=":material/open_in_full:",
                 query_params={"run": found.runs[0], "image": image_id, **mark()})
