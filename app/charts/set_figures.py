"""Tables in, Plotly figures out, for prediction sets and for answering only when sure."""

import pandas as pd
import plotly.graph_objects as go

from app.charts.evaluation import ROW_PIXELS, broken, by_row, whiskers, with_legend
from app.charts.style import titled
from app.palette import SECOND, TRAINING, VALIDATION, tone
from pipeline.metrics.conformal import MISS
from pipeline.metrics.set_coverage import OVER_ALL, PER_DIAGNOSIS
from pipeline.number_words import count, percent
from pipeline.shown import as_label

_BELOW, _HALF = 120, 0.5  # pixels for the axis and the legend; the share that the words speak of
SET_WORDS = {PER_DIAGNOSIS: "A set per diagnosis", OVER_ALL: "One set over all diagnoses"}
_MARKS = {PER_DIAGNOSIS: VALIDATION, OVER_ALL: TRAINING}
_APART = 0.14  # rows
_LINE = 20  # pixels of a row's label


def coverage_chart(table: pd.DataFrame, title: str, dark: bool) -> go.Figure:
    """How many lesions are in their own set, of both kinds of sets, with the lowest and the highest of the splits.

    Args:
        table: rows of `set_coverage` with `words`, those of each kind of sets in the same order.
    """
    figure = go.Figure()
    for (sets, name), shift in zip(SET_WORDS.items(), (-_APART, _APART), strict=True):
        rows, mark = table[table["sets"] == sets].reset_index(drop=True), _MARKS[sets]
        figure.add_scatter(
            x=rows["coverage"], y=rows.index + shift, mode="markers", name=name, cliponaxis=False,
            customdata=[[place] for place in rows.index],
            error_x=whiskers(rows["coverage"], rows["coverage_low"], rows["coverage_high"], mark.colour),
            marker={"symbol": mark.symbol, "size": 11, "color": mark.colour},
            hovertext=[f"{as_label(row.words)}<br>{name}: {percent(row.coverage)} in their own set, "
                       f"{percent(row.coverage_low)} to {percent(row.coverage_high)}" for row in rows.itertuples()],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.add_vline(x=1 - MISS, line={"color": tone(dark).muted, "dash": "dot", "width": 2})
    words = table.loc[table["sets"] == PER_DIAGNOSIS]
    labels = [f"{broken(row.words)}<br>{count(row.lesions, 'lesion')}" for row in words.itertuples()]
    by_row(figure, labels, "Lesions in their own set")
    lines = 1 + max(label.count("<br>") for label in labels)
    return with_legend(titled(figure, title, max(ROW_PIXELS, _LINE * lines) * len(labels) + _BELOW, dark))


def surest_chart(table: pd.DataFrame, title: str, dark: bool) -> go.Figure:
    """Accuracy and the share of the melanomas that is left, over the share of lesions that is answered.

    Args:
        table: of `surest_lesions`.
    """
    figure = go.Figure()
    for column, name, mark in (("right", "Of the answers, right", VALIDATION),
                               ("left", "Of the melanomas, answered at all", SECOND)):
        figure.add_scatter(
            x=table["share"], y=table[column], mode="lines", name=name, cliponaxis=False,
            line={"color": mark.colour, "dash": mark.dash, "width": 3},
            customdata=table[[f"{column}_low", f"{column}_high"]].to_numpy(),
            hovertemplate=f"The surest %{{x:.0%}}<br>{name}: %{{y:.1%}}, 95 % interval %{{customdata[0]:.1%}} to "
                          "%{customdata[1]:.1%}<extra></extra>",
        )
    figure.add_vline(x=_HALF, line={"color": tone(dark).muted, "dash": "dot", "width": 2})
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(range=[-0.02, 1.02], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1], fixedrange=True, zeroline=False)
    figure.update_xaxes(title="Lesions answered, the surest first", tickangle=0)
    figure.update_yaxes(title="Share")
    return titled(figure, title, 380, dark)
