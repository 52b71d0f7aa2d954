"""Tables in, Plotly figures out, for how far a run's figures can be trusted."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled
from app.palette import SECOND, VALIDATION, mark, tone
from pipeline.classes import DIAGNOSES
from pipeline.metrics.operating_point import OperatingPoint
from pipeline.number_words import count, percent
from pipeline.shown import as_label

ROW_PIXELS = 46
_AXIS, _BELOW = 70, 120  # pixels for the axis, and for the axis and the legend
_CURVE_POINTS = 300  # more than a screen shows


def whiskers(
    values: Sequence[float], lows: Sequence[float], highs: Sequence[float], colour: str
) -> dict[str, Any]:
    """Error bars from `lows` to `highs`, as Plotly takes them."""
    return {
        "type": "data", "symmetric": False, "array": np.asarray(highs) - np.asarray(values),
        "arrayminus": np.asarray(values) - np.asarray(lows), "thickness": 2.5, "width": 5, "color": colour,
    }


def figure_chart(table: pd.DataFrame, name: str, title: str, dark: bool) -> go.Figure:
    """One figure of each target with its interval.

    Args:
        table: target, words, value, low, high, in the order to draw.
        name: of the figure, for the axis.
    """
    text = tone(dark).text
    figure = go.Figure()
    for place, row in enumerate(table.itertuples()):
        drawn = mark(row.target) if row.target in DIAGNOSES else None
        figure.add_scatter(
            x=[row.value], y=[place], mode="markers", showlegend=False, cliponaxis=False, customdata=[[place]],
            error_x=whiskers([row.value], [row.low], [row.high], drawn.colour if drawn else text),
            marker={"symbol": drawn.symbol if drawn else "star", "size": 12, "color": drawn.colour if drawn else text},
            hovertemplate=f"{as_label(row.words)}<br>{percent(row.value)}, 95 % interval {percent(row.low)} to "
                          f"{percent(row.high)}<extra></extra>",
        )
    by_row(figure, list(map(broken, table["words"])), name)
    return titled(figure, title, ROW_PIXELS * len(table) + _AXIS, dark)


def with_legend(figure: go.Figure) -> go.Figure:
    """The legend under the axis title, however tall the figure is."""
    plot = figure.layout.height - _BELOW
    return figure.update_layout(legend={"y": -60 / plot, "yanchor": "top"}, margin={"b": _BELOW - 8})


def broken(words: str) -> str:
    """Words in lines that an axis has room for."""
    return "<br>".join(map(as_label, textwrap.wrap(words, 24)))


def by_row(figure: go.Figure, words: Sequence[str], name: str) -> None:
    """A share across, called `name`, and a row for each of `words` downwards."""
    figure.update_xaxes(title=name, range=[-0.02, 1.02], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1],
                        fixedrange=True, tickangle=0, zeroline=False)
    figure.update_yaxes(tickvals=list(range(len(words))), ticktext=words, range=[len(words) - 0.4, -0.6],
                        showgrid=False, zeroline=False, fixedrange=True, automargin=True)


def reliability_chart(table: pd.DataFrame, title: str, asked: str, dark: bool) -> go.Figure:
    """The share of each bin over its mean probability, with its interval, the diagonal, and below the bins' counts.

    Args:
        table: of `reliability_with_intervals`, a row a bin from 0.
        asked: what the share is of, for the axis.
    """
    filled = table[table["images"] > 0]
    muted = tone(dark).muted
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": muted, "dash": "dot", "width": 2},
                       name="As probable as it says", hoverinfo="skip")
    figure.add_scatter(
        x=filled["confidence"], y=filled["share"], mode="lines+markers", name="Measured", cliponaxis=False,
        line={"color": VALIDATION.colour, "width": 2},
        marker={"symbol": VALIDATION.symbol, "size": 10, "color": VALIDATION.colour},
        error_y=whiskers(filled["share"], filled["share_low"], filled["share_high"], VALIDATION.colour),
        customdata=[[place, count(n, "image")] for place, n in filled["images"].items()],
        hovertemplate="Mean probability %{x:.1%}<br>%{y:.1%} of %{customdata[1]}<extra></extra>",
    )
    middles = (table["low"] + table["high"]) / 2
    figure.add_bar(
        x=middles, y=table["images"], width=0.9 / len(table), yaxis="y2", showlegend=False,
        marker={"color": VALIDATION.colour}, text=table["images"].map("{:,}".format), textposition="outside",
        textfont={"color": tone(dark).text, "size": 11}, cliponaxis=False, textangle=0,
        customdata=[[place] for place in range(len(table))],
        hovertemplate="%{y:,} images<extra></extra>",
    )
    figure.update_xaxes(title="Probability (model output)", range=[-0.02, 1.02], tickformat=".0%",
                        tickvals=[0, 0.25, 0.5, 0.75, 1], fixedrange=True, anchor="y2", tickangle=0)
    figure.update_layout(
        yaxis={"title": asked, "range": [-0.02, 1.04], "tickformat": ".0%", "domain": [0.34, 1], "fixedrange": True},
        yaxis2={"title": "Images", "domain": [0, 0.2], "fixedrange": True, "showgrid": False, "nticks": 2,
                "range": [0, 1.35 * max(table["images"].max(), 1)], "showticklabels": False},
    )
    titled(figure, title, 470, dark)
    return figure.update_layout(legend={"y": 1.02, "yanchor": "bottom"}, margin={"t": 30})


def roc_chart(curve: pd.DataFrame, point: OperatingPoint, title: str, dark: bool) -> go.Figure:
    """Sensitivity over 1 - specificity, and the chosen point; a point's `customdata` is [threshold]."""
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="Chance", hoverinfo="skip",
                       line={"color": tone(dark).muted, "dash": "dot", "width": 2})
    _curve(figure, curve, "false_positive_rate", "sensitivity", "1 − specificity %{x:.1%}, sensitivity %{y:.1%}")
    _chosen(figure, 1 - point.specificity[0], point.sensitivity[0], point)
    figure.update_xaxes(title="1 − specificity (others flagged)")
    figure.update_yaxes(title="Sensitivity")
    return _square(figure, title, dark)


def precision_recall_chart(
    curve: pd.DataFrame, point: OperatingPoint, title: str, dark: bool
) -> go.Figure:
    """PPV at the chosen prevalence over sensitivity, and the chosen point; a point's `customdata` is [threshold]."""
    shown = curve[curve["precision"].notna()]
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[point.prevalence] * 2, mode="lines", name="Flagging at random", hoverinfo="skip",
                       line={"color": tone(dark).muted, "dash": "dot", "width": 2})
    _curve(figure, shown, "sensitivity", "precision", "Sensitivity %{x:.1%}, PPV %{y:.1%}")
    needed = point.needed[0]
    _chosen(figure, point.sensitivity[0], 1 / needed if needed > 0 else None, point)
    figure.update_xaxes(title="Sensitivity (recall)")
    figure.update_yaxes(title="PPV (precision)")
    return _square(figure, title, dark)


def _curve(figure: go.Figure, table: pd.DataFrame, x: str, y: str, words: str) -> None:
    steps = max(len(table) // _CURVE_POINTS, 1)
    shown = pd.concat([table.iloc[::steps], table.tail(1)]).drop_duplicates("threshold")
    figure.add_scatter(
        x=shown[x], y=shown[y], mode="lines+markers", name="This part", line={"color": VALIDATION.colour, "width": 3},
        marker={"size": 9, "opacity": 0}, customdata=shown[["threshold"]].clip(upper=1.0).to_numpy().tolist(),
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        hovertemplate=f"Threshold %{{customdata[0]:.1%}}<br>{words}<extra></extra>",
    )


def _chosen(figure: go.Figure, x: float, y: float | None, point: OperatingPoint) -> None:
    figure.add_scatter(
        x=[x], y=[y], mode="markers", name=f"Threshold {percent(point.threshold)}", cliponaxis=False,
        marker={"symbol": SECOND.symbol, "size": 14, "color": SECOND.colour},
        hovertemplate=f"Chosen threshold {percent(point.threshold)}<extra></extra>",
    )


def _square(figure: go.Figure, title: str, dark: bool) -> go.Figure:
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(range=[-0.02, 1.02], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1], fixedrange=True, zeroline=False)
    titled(figure, title, 400, dark)
    return figure.update_layout(clickmode="event+select", dragmode=False)


def subgroup_chart(table: pd.DataFrame, name: str, title: str, whole: float, dark: bool) -> go.Figure:
    """One figure of each group with its interval; a difference that its interval supports is coloured.

    Args:
        table: of `subgroup_table`, with `words`.
        name: of the figure, for the axis.
        whole: the figure of all images, a line.
    """
    page, figure = tone(dark), go.Figure()
    kinds = {
        "Differs from the rest": (table["supported"] & ~table["few"], SECOND.colour, SECOND.symbol),
        "Difference not supported": (~table["supported"] & ~table["few"], page.text, "circle"),
        "Fewer than 30 lesions": (table["few"], "#7d8790", "circle-open"),
    }
    for kind, (which, colour, symbol) in kinds.items():
        rows = table[which]
        figure.add_scatter(
            x=rows["value"], y=list(rows.index), mode="markers", name=kind, cliponaxis=False, showlegend=len(rows) > 0,
            customdata=[[place] for place in rows.index],
            error_x=whiskers(rows["value"], rows["low"], rows["high"], colour),
            marker={"symbol": symbol, "size": 12, "color": colour},
            hovertext=[f"{as_label(row.words)}<br>{percent(row.value)}, 95 % interval {percent(row.low)} to "
                       f"{percent(row.high)}<br>n = {count(row.of_images, 'image')} of "
                       f"{count(row.of_lesions, 'lesion')}"
                       for row in rows.itertuples()],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    if np.isfinite(whole):
        figure.add_vline(x=whole, line={"color": page.muted, "dash": "dot", "width": 2})
    by_row(figure, [f"{broken(row.words)}<br>{count(row.of_lesions, 'lesion')}" for row in table.itertuples()], name)
    return with_legend(titled(figure, title, ROW_PIXELS * len(table) + _BELOW, dark))
