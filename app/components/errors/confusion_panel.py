"""The confusion matrix beside the wall: a cell filters the wall, so do the most confused pairs in words; and what the
codes stand for.
"""

from typing import Any

import pandas as pd
import streamlit as st

from app.addresses.links import Way, explore_link, remember
from app.charts.predictions import confusion_figure
from app.components.figures import dark, show
from app.components.help_text import help_text
from pipeline.classes import MELANOMA, label
from pipeline.metrics.confusion import confusion_matrix, most_confused, row_shares
from pipeline.metrics.predictions_table import classes_of
from pipeline.number_words import count, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text
from pipeline.vocabulary import HeldOutPart

_PAIRS = 6


def take_cell() -> None:
    """Puts a cell that was just clicked into the address; the cell that is chosen already is left again."""
    points = (st.session_state.get(matrix_key()) or {}).get("selection", {}).get("points", [])
    cells = [point["customdata"] for point in points if point.get("customdata")]
    if not cells:
        return
    truth, predicted, _ = cells[0]
    if (st.query_params.get("truth"), st.query_params.get("predicted")) == (truth, predicted):
        _fresh_matrix()
        remember(truth=None, predicted=None, page=None)
    else:
        open_cell(truth, predicted)


def open_cell(truth: str, predicted: str) -> None:
    """Filters the wall by the cell, whose images are all right or all wrong; for callbacks."""
    remember(truth=truth, predicted=predicted, right=None, page=None)
    _fresh_matrix()


def _fresh_matrix() -> None:
    # a chart keeps its own selection; without a new key a second click on the same cell would only deselect it
    st.session_state["matrix.turn"] = st.session_state.get("matrix.turn", 0) + 1


def matrix_key() -> str:
    """The key of the chart, another one after each cell that was opened."""
    return f"matrix.{st.session_state.get('matrix.turn', 0)}"


def confusion_panel(rows: pd.DataFrame, classes: list[str], chosen: tuple[str, str] | None, name: str) -> None:
    """The matrix of `rows` with the cell `chosen`, the full names of its codes, and its largest errors in words."""
    matrix = confusion_matrix(rows, classes)
    shares = row_shares(matrix)
    table = matrix.assign(images=matrix.sum(axis=1)).join(shares.add_suffix(" share")).reset_index()
    show(confusion_figure(matrix, shares, chosen, dark()), table, f"{name}-confusion", key=matrix_key(), selecting=True)
    st.caption("  \n".join(as_text(label(code)) for code in classes))
    with st.expander("Most confused pairs", icon=":material/compare_arrows:"):
        _pairs(rows, classes)
    help_text("confusion", "How to read a confusion matrix, and how the article reads its own")


def lost_melanomas(run: RunDir, part: HeldOutPart, rows: pd.DataFrame, figures: dict[str, Any]) -> list[Way]:
    """The way to the melanoma lesions of the part that were called something else.

    Args:
        rows: the part's predictions.
        figures: its stored figures.
    """
    lost = (figures.get("melanoma") or {}).get("called_else", 0)
    others = [code for code in classes_of(rows) if code != MELANOMA]
    return [Way(f"Open the {count(lost, 'melanoma lesion')} called something else", lost,
                explore_link(run.name, part=part, truth=MELANOMA, called=others))]


def _pairs(predictions: pd.DataFrame, classes: list[str]) -> None:
    pairs = most_confused(predictions, classes, _PAIRS)
    if not pairs:
        st.caption("No image was confused with another diagnosis.")
    of_truth = predictions["truth"].value_counts()
    for pair in pairs:
        st.button(
            f"{as_text(label(pair.truth))} called {as_text(label(pair.predicted))}: {pair.images:,} of "
            f"{count(int(of_truth[pair.truth]), 'image')}, {percent(pair.share)}",
            key=f"pair.{pair.truth}.{pair.predicted}", on_click=open_cell, args=(pair.truth, pair.predicted),
            width="stretch", wrap=True,
        )
