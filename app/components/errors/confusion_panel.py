"""The confusion matrix whose cells open their images, the pairs in words and the select boxes that do the same."""

from typing import Any

import pandas as pd
import streamlit as st

from app.addresses.links import Way, explore_link, linked, remember
from app.charts.predictions import confusion_figure
from app.components.figures import dark, show
from app.components.image_ways import way_links
from pipeline.classes import MELANOMA, label
from pipeline.metrics.confusion import confusion_matrix, most_confused, row_shares
from pipeline.metrics.predictions_table import classes_of
from pipeline.number_words import count, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text
from pipeline.vocabulary import HeldOutPart

_PAIRS = 6


def chosen_cell(classes: list[str]) -> tuple[str, str] | None:
    """The cell (truth, predicted) that was just clicked, else that of the address; None without one.

    Says so where the address names a diagnosis that the run does not have.
    """
    _take_click()
    truth, predicted = linked("truth", classes), linked("predicted", classes)
    for problem in filter(None, (truth.problem, predicted.problem)):
        st.warning(as_text(problem), icon=":material/link_off:")
    return (truth.value, predicted.value) if truth.value and predicted.value else None


def open_cell(truth: str, predicted: str) -> None:
    """Put the cell into the address and start its gallery at the beginning; for callbacks."""
    remember(truth=truth, predicted=predicted)
    _fresh_matrix()


def close_cell() -> None:
    """Back to the highest losses of all images; for callbacks."""
    remember(truth=None, predicted=None)
    _fresh_matrix()


def _fresh_matrix() -> None:
    # a chart keeps its own selection; without a new key a second click on the same cell would only deselect it
    st.session_state["matrix.turn"] = st.session_state.get("matrix.turn", 0) + 1


def matrix_key() -> str:
    return f"matrix.{st.session_state.get('matrix.turn', 0)}"


def _take_click() -> None:
    points = (st.session_state.get(matrix_key()) or {}).get("selection", {}).get("points", [])
    cells = [point["customdata"] for point in points if point.get("customdata")]
    if cells:
        open_cell(cells[0][0], cells[0][1])


def _chosen_in_boxes() -> None:
    truth, predicted = st.session_state["cell.truth"], st.session_state["cell.predicted"]
    if truth and predicted:
        open_cell(truth, predicted)


def confusion_chart(predictions: pd.DataFrame, classes: list[str], chosen: tuple[str, str] | None, name: str) -> None:
    """The matrix of `predictions`, which are of one part, and the full names of its codes."""
    matrix = confusion_matrix(predictions, classes)
    shares = row_shares(matrix)
    table = matrix.assign(images=matrix.sum(axis=1)).join(shares.add_suffix(" share")).reset_index()
    show(confusion_figure(matrix, shares, chosen, dark()), table, f"{name}-confusion", key=matrix_key(), selecting=True)
    st.caption("Count, and share of the row's n images. A click on a cell opens its images. "
               + " – ".join(as_text(label(code)) for code in classes))


def part_ways(run: RunDir, part: HeldOutPart, predictions: pd.DataFrame, figures: dict[str, Any]) -> list[Way]:
    """All images of the part, the wrong ones, and the melanoma lesions that were called something else."""
    n, wrong = len(predictions), int((predictions["truth"] != predictions["predicted"]).sum())
    lost = (figures.get("melanoma") or {}).get("called_else", 0)
    others = [code for code in classes_of(predictions) if code != MELANOMA]
    return [
        Way(f"Open the {count(n, 'image')}", n, explore_link(run.name, part=part)),
        Way(f"Open the {wrong:,} that {'is' if wrong == 1 else 'are'} wrong", wrong,
            explore_link(run.name, part=part, right=False)),
        Way(f"Open the {count(lost, 'melanoma lesion')} called something else", lost,
            explore_link(run.name, part=part, truth=MELANOMA, called=others)),
    ]


def ways_to_a_cell(
    predictions: pd.DataFrame, classes: list[str], chosen: tuple[str, str] | None, run: RunDir, part: HeldOutPart
) -> None:
    """The most confused pairs as buttons, and a select box for each side of any cell; of one side alone the way to its
    row or column in Explore.
    """
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("**Most confused pairs**")
        _pairs(predictions, classes)
    with right:
        st.markdown("**Any cell**")
        _boxes(classes, chosen)
        way_links(_sides(predictions, run, part))


def _sides(predictions: pd.DataFrame, run: RunDir, part: HeldOutPart) -> list[Way]:
    truth, predicted = st.session_state["cell.truth"], st.session_state["cell.predicted"]
    ways = []
    if truth:
        n = int((predictions["truth"] == truth).sum())
        ways.append(Way(f"Open the {count(n, 'image')} with {truth}", n,
                        explore_link(run.name, part=part, truth=truth)))
    if predicted:
        n = int((predictions["predicted"] == predicted).sum())
        ways.append(Way(f"Open the {n:,} called {predicted}", n,
                        explore_link(run.name, part=part, predicted=predicted)))
    return ways


def _pairs(predictions: pd.DataFrame, classes: list[str]) -> None:
    pairs = most_confused(predictions, classes, _PAIRS)
    if not pairs:
        st.caption("No image of this part was confused with another diagnosis.")
    of_truth = predictions["truth"].value_counts()
    for start in range(0, len(pairs), 2):
        for column, pair in zip(st.columns(2), pairs[start : start + 2], strict=False):
            column.button(
                f"{as_text(label(pair.truth))} called {as_text(label(pair.predicted))}: {pair.images:,} of "
                f"{count(int(of_truth[pair.truth]), 'image')}, {percent(pair.share)}",
                key=f"pair.{pair.truth}.{pair.predicted}", on_click=open_cell, args=(pair.truth, pair.predicted),
                width="stretch", wrap=True,
            )


def _boxes(classes: list[str], chosen: tuple[str, str] | None) -> None:
    for parameter, title, position in (("truth", "Reference diagnosis", 0), ("predicted", "Prediction", 1)):
        key = f"cell.{parameter}"
        if chosen:
            st.session_state[key] = chosen[position]
        else:
            st.session_state.setdefault(key, None)
        st.selectbox(title, classes, key=key, format_func=label, placeholder="Choose a diagnosis",
                     on_change=_chosen_in_boxes)
