"""How the time of a run divides: seconds by part in, a table and a Plotly figure out."""

import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled
from app.palette import VALIDATION, tone
from pipeline.number_words import duration, percent
from pipeline.runs.time_parts import part_name


def time_table(parts: dict[str, float]) -> pd.DataFrame:
    """One row a part, in the order given: part (its name), seconds, share (of all, 0..1)."""
    table = pd.DataFrame({"part": [part_name(part).capitalize() for part in parts], "seconds": list(parts.values())})
    return table.assign(share=table["seconds"] / max(table["seconds"].sum(), 1e-9))


def time_figure(table: pd.DataFrame, dark: bool) -> go.Figure:
    """A bar for each row of `time_table`, the first on top, with its time and share written at its end."""
    words = [f"{duration(row.seconds, tenths=True)} · {percent(row.share)}" for row in table.itertuples()]
    figure = go.Figure(go.Bar(
        x=table["share"], y=table["part"], orientation="h", marker={"color": VALIDATION.colour, "line": {"width": 0}},
        text=words, textposition="outside", textfont={"color": tone(dark).text, "size": 13}, cliponaxis=False,
        hoverinfo="none",
    ))
    largest = table.loc[table["share"].idxmax()]
    figure.update_xaxes(visible=False, range=[0, 1.75 * largest["share"]], fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    figure.update_layout(bargap=0.45)
    title = f"Where the time went: the largest part was {largest['part'].lower()}"
    return titled(figure, title, 40 + 30 * len(table), dark)
