"""Tables in, Plotly figures out, for what a data set holds."""

import textwrap

import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled, wrapped
from app.palette import mark, readable_on, sequential, tone
from app.words.factor_words import FACTOR_WORDS, level_words
from pipeline.data.tables import Factor, Unit
from pipeline.number_words import count, percent
from pipeline.shown import as_label

_ROW_PIXELS = 44
_CELL_PIXELS = 40


def _whole(share: float) -> str:
    """A share as a whole percentage; what is not nothing is not written as 0 %."""
    return "&lt; 1 %" if 0 < share < 0.005 else percent(share, 0)


def counts_figure(table: pd.DataFrame, dark: bool) -> go.Figure:
    """Two bars a diagnosis: images filled, lesions hatched; each says what it counts, so nothing hangs on colour.

    Args:
        table: dx, images, lesions, in the order to draw.
    """
    colours = [mark(code).colour for code in table["dx"]]
    page = tone(dark)
    hatch = {"shape": "/", "fgcolor": colours, "bgcolor": page.background, "fillmode": "replace", "size": 6}
    figure = go.Figure()
    for noun, pattern in (("image", None), ("lesion", hatch)):
        numbers = table[f"{noun}s"]
        figure.add_bar(
            x=numbers, y=[wrapped(code, 20) for code in table["dx"]], orientation="h", name=f"{noun}s".capitalize(),
            marker={"color": colours, "line": {"color": colours, "width": 1.5}, "pattern": pattern},
            text=[count(n, noun) for n in numbers], textposition="outside", cliponaxis=False,
            outsidetextfont={"color": page.text, "size": 13}, hovertemplate="%{y}: %{text}<extra></extra>",
        )
    most = max(table["images"], default=1)
    figure.update_xaxes(title="Number", range=[0, 1.6 * most], nticks=4, tickformat=",", tickangle=0, fixedrange=True)
    figure.update_yaxes(title="Diagnosis", autorange="reversed", fixedrange=True, automargin=True)
    titled(figure, "Images and lesions of each diagnosis: how uneven the collection is", 62 * len(table) + 80, dark)
    return figure.update_layout(showlegend=False, bargap=0.25, bargroupgap=0.1)


def cross_figure(counts: pd.DataFrame, factor: Factor, unit: Unit, dark: bool) -> go.Figure:
    """Each cell's count; colour and second line by its share of the diagnosis.

    An invisible square marker lies over each cell, because Streamlit reports no selection on a heatmap; its
    `customdata` is [dx, level].

    Args:
        counts: a row for each level, a column for each diagnosis code.
    """
    shares = (counts / counts.sum()).fillna(0.0)
    scale = sequential(dark)
    words = [level_words(factor, level) for level in counts.index]
    names = ["<br>".join(map(as_label, textwrap.wrap(word, 12, break_long_words=False))) for word in words]
    figure = go.Figure(
        go.Heatmap(z=shares.to_numpy(), x=list(counts.columns), y=names, colorscale=scale, zmin=0, zmax=1, xgap=2,
                   ygap=2, hoverinfo="skip", showscale=False)
    )
    cells = [(row, code) for row in range(len(counts)) for code in counts.columns]
    cell_shares = [shares[code].iat[row] for row, code in cells]
    figure.add_scatter(  # text of a scatter, since a heatmap's own cannot have a colour for each cell
        x=[code for _, code in cells], y=[names[row] for row, _ in cells], mode="markers+text", showlegend=False,
        hoverinfo="none", customdata=[[code, counts.index[row]] for row, code in cells],
        text=[f"<b>{counts[code].iat[row]:,}</b><br>{_whole(share)}"
              for (row, code), share in zip(cells, cell_shares, strict=True)],
        textfont={"size": 11, "color": [readable_on(scale[round(8 * share)][1]) for share in cell_shares]},
        marker={"symbol": "square", "size": _CELL_PIXELS, "opacity": 0},
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
    )
    name = FACTOR_WORDS[factor]
    rows, columns = counts.shape  # fixed ranges: the markers would else push the cells together on a phone
    figure.update_xaxes(title="Diagnosis", side="top", showgrid=False, fixedrange=True, tickangle=0,
                        range=[-0.5, columns - 0.5])
    figure.update_yaxes(title=name, range=[rows - 0.5, -0.5], showgrid=False, fixedrange=True, automargin=True)
    titled(figure, f"{name} within each diagnosis: {unit}, and their share of the diagnosis",
           _ROW_PIXELS * len(counts) + 80, dark)
    return figure.update_layout(clickmode="event+select", dragmode=False, margin={"l": 4, "r": 4})
