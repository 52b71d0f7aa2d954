"""Tables in, Plotly figures out, for what a model answered. The title stands in `layout.meta` for the page to show."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled, wrapped
from app.palette import mark, readable_on, sequential, tone
from pipeline.classes import label
from pipeline.number_words import count, percent, probability
from pipeline.shown import as_label

_FULL = {True: 1.0, False: 1 / 3}  # the share of a row with the whole colour: of right answers, and of errors
_CELL_PIXELS = 56
_ROW_PIXELS = 50
_NARROW_FROM = 8  # so many diagnoses need a smaller print on a phone


def confusion_figure(
    matrix: pd.DataFrame, shares: pd.DataFrame, chosen: tuple[str, str] | None, dark: bool
) -> go.Figure:
    """The confusion matrix: colour and second line by the row's share, first line the count; right answers, on the
    diagonal, have one hue and errors another.

    Legible from 9 diagnoses on a phone to a projector: an empty cell has no second line. An invisible square marker
    lies over each cell, because Streamlit reports no selection on a heatmap; its `customdata` is
    [truth, predicted, images].
    """
    classes = list(matrix.index)
    totals = matrix.sum(axis=1)
    scales = {right: sequential(dark, wrong=not right) for right in (True, False)}
    on_diagonal = np.eye(len(classes), dtype=bool)
    cells = [(truth, predicted) for truth in classes for predicted in classes]
    size = 11 if len(classes) >= _NARROW_FROM else 12
    figure = go.Figure([
        go.Heatmap(
            z=np.where(on_diagonal == right, shares.to_numpy(), np.nan), x=classes, y=classes, colorscale=scale,
            zmin=0, zmax=_FULL[right], xgap=2, ygap=2, hoverinfo="skip", hoverongaps=False, showscale=False,
        ) for right, scale in scales.items()
    ])
    figure.add_scatter(
        x=[p for _, p in cells], y=[t for t, _ in cells], mode="markers", showlegend=False,
        customdata=[[t, p, int(matrix.at[t, p])] for t, p in cells],
        hovertext=[
            f"{as_label(label(t))}<br>called {as_label(label(p))}:<br>{matrix.at[t, p]:,} of "
            f"{count(int(totals[t]), 'image')}, {percent(shares.at[t, p])}" for t, p in cells
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        marker={"symbol": "square", "size": _CELL_PIXELS, "opacity": 0},
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
    )
    if chosen and set(chosen) <= set(classes):
        row, column = classes.index(chosen[0]), classes.index(chosen[1])
        figure.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5,
            line={"color": tone(dark).text, "width": 3},
        )
    figure.update_layout(annotations=[
        _cell_text(truth, predicted, int(matrix.at[truth, predicted]), shares.at[truth, predicted], size,
                   truth == predicted, scales[truth == predicted], dark)
        for truth, predicted in cells
    ])
    # ranges of our own: Plotly's would leave room for the markers, a cell's width on each side
    ends = (-0.5, len(classes) - 0.5)
    figure.update_xaxes(title="Prediction", side="bottom", showgrid=False, zeroline=False, fixedrange=True, range=ends,
                        tickangle=0)
    figure.update_yaxes(title={"text": "Reference diagnosis", "standoff": 4}, showgrid=False, zeroline=False,
                        fixedrange=True, range=ends[::-1], tickvals=classes,
                        ticktext=[f"{as_label(c)}<br>n = {totals[c]:,}" for c in classes])
    titled(figure, "Confusion matrix: right answers on the diagonal, a row for each reference diagnosis",
           _ROW_PIXELS * len(classes) + 86, dark)
    small = {"size": size, "color": tone(dark).muted}
    figure.update_xaxes(tickfont=small).update_yaxes(tickfont=small)
    # room above for Plotly's own buttons, which would lie over the last cells of the first row
    return figure.update_layout(clickmode="event+select", dragmode=False, margin={"l": 4, "r": 4, "t": 30, "b": 4})


def _cell_text(
    truth: str, predicted: str, n: int, share: float, size: int, right: bool, scale: list[list[Any]], dark: bool
) -> dict[str, Any]:
    """An annotation as plain data, because Plotly checks all of them anew with each that is added singly."""
    colour = tone(dark).muted if pd.isna(share) else readable_on(scale[round(8 * min(share / _FULL[right], 1))][1])
    # as short as can be; what is not nothing is not written as 0 %
    words = "&lt;1 %" if share < 0.005 else percent(share, 0)
    return {"x": predicted, "y": truth, "showarrow": False, "text": f"<b>{n:,}</b><br>{words}" if n else "0",
            "font": {"size": size, "color": colour}}


def probabilities_table(probabilities: dict[str, float]) -> pd.DataFrame:
    """Full name, code and probability (0..1), the highest first."""
    ordered = sorted(probabilities.items(), key=lambda item: -item[1])
    return pd.DataFrame([{"diagnosis": label(code), "code": code, "probability": float(p)} for code, p in ordered])


def probabilities_figure(table: pd.DataFrame, dark: bool) -> go.Figure:
    """One bar a diagnosis with its full name and number."""
    shown = table.iloc[::-1]
    colours = [mark(code).colour for code in shown["code"]]
    figure = go.Figure(
        go.Bar(
            x=shown["probability"], y=[wrapped(code) for code in shown["code"]], orientation="h",
            marker={"color": colours, "line": {"width": 0}}, text=[probability(p) for p in shown["probability"]],
            textposition=["inside" if p > 0.5 else "outside" for p in shown["probability"]], cliponaxis=False,
            insidetextanchor="end", insidetextfont={"color": [readable_on(c) for c in colours], "size": 14},
            outsidetextfont={"color": tone(dark).text, "size": 14},
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="Probability (model output)", range=[0, 1], tickformat=".0%",
                        tickvals=[0, 0.5, 1], tickangle=0, fixedrange=True)
    figure.update_yaxes(title="Diagnosis", fixedrange=True, automargin=True)
    return titled(figure, "Model output: a probability for each diagnosis", 46 * len(table) + 70, dark)
