"""Tables in, Plotly figures out, for what leaks between training and validation, and for evidence in the lesion."""

import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled, wrapped
from app.palette import SECOND, VALIDATION, mark, tone
from pipeline.number_words import percent
from pipeline.shown import as_label

_ROW_PIXELS = 56


def _share_axis(figure: go.Figure, title: str) -> None:
    figure.update_xaxes(title=title, range=[-0.02, 1.06], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1],
                        fixedrange=True, zeroline=False)


def seen_figure(table: pd.DataFrame, dark: bool) -> go.Figure:
    """Bars of the share of validation images whose lesion training saw, on both splits.

    Args:
        table: words, split ("lesion" or "random"), share, text, in the order to draw.
    """
    figure = go.Figure()
    for split, drawn in (("lesion", VALIDATION), ("random", SECOND)):
        rows = table[table["split"] == split]
        pattern = {"shape": "/" if split == "random" else "", "fgcolor": drawn.colour,
                   "bgcolor": tone(dark).background, "fillmode": "replace"}
        figure.add_bar(
            x=rows["share"], y=rows["words"].map(as_label), orientation="h", width=0.6, showlegend=False,
            text=rows["text"], textposition="outside", cliponaxis=False,
            outsidetextfont={"color": tone(dark).text, "size": 13},
            marker={"color": drawn.colour, "line": {"color": drawn.colour, "width": 1.5}, "pattern": pattern},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    _share_axis(figure, "Share of the validation images")
    figure.update_xaxes(range=[0, 1.35])
    figure.update_yaxes(categoryorder="array", categoryarray=[as_label(words) for words in table["words"]],
                        autorange="reversed", fixedrange=True, automargin=True)
    return titled(figure, "Validation images that show a lesion that training saw", _ROW_PIXELS * len(table) + 70, dark)


def paired_figure(table: pd.DataFrame, title: str, dark: bool) -> go.Figure:
    """How much more each figure is by image than by lesion, with its interval, against no difference.

    Args:
        table: figure, difference, low, high, -1..1; low and high may be NaN.
    """
    points = 100 * table[["difference", "low", "high"]]
    rows = list(range(len(table)))
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": tone(dark).text, "width": 1.5, "dash": "dot"})
    figure.add_scatter(
        x=points["difference"], y=rows, mode="markers", showlegend=False, cliponaxis=False,
        marker={"symbol": SECOND.symbol, "size": 13, "color": SECOND.colour},
        error_x={"type": "data", "symmetric": False, "array": points["high"] - points["difference"],
                 "arrayminus": points["difference"] - points["low"], "thickness": 2.5, "width": 6,
                 "color": SECOND.colour},
        customdata=pd.concat([table["figure"], points], axis=1),
        hovertemplate="%{customdata[0]}: %{x:+.1f} percentage points<br>95 % interval %{customdata[2]:+.1f} to "
                      "%{customdata[3]:+.1f}<extra></extra>",
    )
    ends = [0.0, *points.to_numpy().ravel()[~points.isna().to_numpy().ravel()]]
    room = max(0.08 * (max(ends) - min(ends)), 1.0)
    figure.update_xaxes(title="Split by image minus split by lesion, percentage points",
                        range=[min(ends) - room, max(ends) + room], fixedrange=True, zeroline=False, tickformat="+")
    figure.update_yaxes(tickvals=rows, ticktext=[as_label(name) for name in table["figure"]],
                        range=[len(rows) - 0.5, -0.5], fixedrange=True, automargin=True, zeroline=False)
    return titled(figure, title, _ROW_PIXELS * len(rows) + 110, dark)


def evidence_figure(rows: pd.DataFrame, of: str, areas: pd.Series, dark: bool) -> go.Figure:
    """A box for each reference diagnosis: the share of the positive evidence inside the lesion, outliers as points.

    Args:
        rows: truth, image_id, inside_<of>.
        areas: mean share of the area that the lesion takes, by diagnosis: what chance would give.
    """
    figure = go.Figure()
    codes = list(areas.index)
    for place, code in enumerate(codes):
        part, drawn = rows[rows["truth"] == code], mark(code)
        figure.add_box(
            customdata=[[place]] * len(part),
            x=part[f"inside_{of}"], y=[place] * len(part), orientation="h", showlegend=False, boxpoints="outliers",
            width=0.55, line={"color": drawn.colour, "width": 2}, fillcolor="rgba(0,0,0,0)",
            text=part["image_id"].map(as_label),
            marker={"symbol": drawn.symbol, "color": drawn.colour, "size": 7}, whiskerwidth=0.5,
            hovertemplate="%{text}<br>inside the lesion: %{x:.1%}<extra></extra>",
        )
    figure.add_scatter(
        x=areas, y=list(range(len(codes))), mode="markers", name="Chance: the share of the area that the lesion takes",
        marker={"symbol": "line-ns-open", "size": 22, "color": tone(dark).text, "line": {"width": 3}},
        customdata=[[place, percent(area)] for place, area in enumerate(areas)],
        hovertemplate="Chance: %{customdata[1]}<extra></extra>",
    )
    _share_axis(figure, "Share of the positive evidence inside the lesion")
    figure.update_yaxes(tickvals=list(range(len(codes))), ticktext=[wrapped(code, 22) for code in codes],
                        range=[len(codes) - 0.5, -0.5], fixedrange=True, automargin=True, zeroline=False)
    titled(figure, "Evidence inside the lesion, for each reference diagnosis", _ROW_PIXELS * len(codes) + 110, dark)
    return figure.update_layout(legend={"y": 1.02, "yanchor": "bottom"})
