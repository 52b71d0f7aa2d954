"""Probabilities before and after a change of the picture: table in, Plotly figure out."""

import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled, wrapped
from app.palette import mark, tone
from pipeline.number_words import probability

_ROW_PIXELS = 46
_END = 1.45  # of the axis: the numbers stand right of the bars


def what_if_figure(table: pd.DataFrame, dark: bool) -> go.Figure:
    """A bar a diagnosis for the changed picture; a line across it marks the untouched one.

    Args:
        table: code, diagnosis, before, after (0..1), in the order to draw.
    """
    rows = table.iloc[::-1]
    names = [wrapped(code) for code in rows["code"]]
    colours = [mark(code).colour for code in rows["code"]]
    figure = go.Figure(go.Bar(
        x=rows["after"], y=names, orientation="h", name="Changed", marker={"color": colours, "line": {"width": 0}},
        hovertemplate="%{y}: %{x:.4f}<extra>changed</extra>",
    ))
    figure.add_scatter(
        x=rows[["before", "after"]].max(axis=1), y=names, mode="text", textposition="middle right", hoverinfo="skip",
        text=[f"   {probability(after)}<br>   was {probability(before)}"
              for before, after in zip(rows["before"], rows["after"], strict=True)],
        textfont={"color": tone(dark).text, "size": 13}, cliponaxis=False,
    )
    figure.add_scatter(
        x=rows["before"], y=names, mode="markers", name="Untouched",
        marker={"symbol": "line-ns-open", "size": 26, "color": tone(dark).text, "line": {"width": 3}},
        hovertemplate="%{y}: %{x:.4f}<extra>untouched</extra>",
    )
    figure.update_xaxes(title="Probability (model output)", range=[0, _END], tickformat=".0%", tickvals=[0, 0.5, 1],
                        tickangle=0, fixedrange=True)
    figure.update_yaxes(title="Diagnosis", fixedrange=True, automargin=True)
    titled(figure, "Model output for the changed picture; a line marks the untouched one",
           _ROW_PIXELS * len(table) + 70, dark)
    return figure.update_layout(showlegend=False)
