"""What all charts share. A chart is a table in, a Plotly figure out; its title stands in `layout.meta`."""

import textwrap

import plotly.graph_objects as go

from app.palette import tone
from pipeline.classes import label
from pipeline.shown import as_label


def titled(figure: go.Figure, title: str, height: int, dark: bool) -> go.Figure:
    """The figure with what all charts here share; `height` in pixels, fixed so that nothing jumps."""
    text = {"color": tone(dark).muted, "size": 13}  # Streamlit's own grey has less than 4.5:1
    figure.update_xaxes(tickfont=text, title_font=text)
    figure.update_yaxes(tickfont=text, title_font=text)
    return figure.update_layout(
        meta={"title": title}, height=height, margin={"l": 8, "r": 28, "t": 8, "b": 8}, uirevision="kept",
        legend={"orientation": "h", "y": -0.25, "x": 0, "font": text}, hoverlabel={"namelength": -1},
    )


def wrapped(code: str, width: int = 26) -> str:
    """A diagnosis with its code, broken into lines for an axis."""
    return "<br>".join(map(as_label, textwrap.wrap(label(code), width)))
