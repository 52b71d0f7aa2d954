"""The map of a run's images as a Plotly figure: table in, figure out."""

from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled
from app.palette import SECOND, VALIDATION, mark, tone
from pipeline.classes import label
from pipeline.explain.image_map import SIDE
from pipeline.number_words import probability
from pipeline.shown import as_label

Colour = Literal["truth", "error"]
_PIXELS = 560
_ROOM = 4.0  # around the outermost images
_MANY = 5000  # points from which the browser draws them with WebGL


def map_figure(table: pd.DataFrame, colour: Colour, dark: bool) -> go.Figure:
    """A point an image; its `customdata` is the image_id. Symbol and hover say what the colour says.

    Args:
        table: image_id, x, y (0..SIDE), truth, predicted, confidence, right, shown (whether the filters keep it); of
            five maps in one also fold (0..4), whose network's name stands above its own.
    """
    figure = go.Figure()
    kind = go.Scattergl if len(table) > _MANY else go.Scatter
    rest = table[~table["shown"]]
    if len(rest):
        figure.add_trace(kind(
            x=rest["x"], y=rest["y"], mode="markers", name="Left out by the filters", hoverinfo="skip",
            marker={"size": 4, "color": tone(dark).muted, "opacity": 0.3},
        ))
    shown = table[table["shown"]]
    if colour == "truth":
        groups = [(label(code), mark(code), rows) for code, rows in shown.groupby("truth", observed=True)]
    else:
        groups = [("Right", VALIDATION, shown[shown["right"]]), ("Wrong", SECOND, shown[~shown["right"]])]
    for name, look, rows in groups:
        words = [
            f"{as_label(image)}<br>Reference diagnosis: {as_label(label(truth))}<br>"
            f"Prediction: {as_label(label(predicted))}, {probability(confidence)}"
            for image, truth, predicted, confidence in zip(
                rows["image_id"], rows["truth"], rows["predicted"], rows["confidence"], strict=True)
        ]
        figure.add_trace(kind(
            x=rows["x"], y=rows["y"], mode="markers", name=f"{as_label(name)} ({len(rows):,})",
            customdata=rows["image_id"],
            hovertext=words, hovertemplate="%{hovertext}<extra></extra>",
            marker={"size": 7, "color": look.colour, "symbol": look.symbol, "line": {"width": 1.2}},
            unselected={"marker": {"opacity": 0.5}},
        ))
    for fold, rows in table.groupby("fold") if "fold" in table else ():
        figure.add_annotation(x=(rows["x"].min() + rows["x"].max()) / 2, y=rows["y"].max(), yanchor="bottom",
                              text=f"Network {fold + 1}", showarrow=False)
    ends = (-_ROOM, SIDE + _ROOM)
    none = {"showgrid": False, "zeroline": False, "showticklabels": False, "range": ends, "title": None}
    figure.update_xaxes(**none)
    figure.update_yaxes(**none)
    what = "the reference diagnosis" if colour == "truth" else "right and wrong"
    whose = "each network" if "fold" in table else "the network"
    titled(figure, f"Map: images that {whose} finds alike lie together, coloured by {what}", _PIXELS, dark)
    return figure.update_layout(
        dragmode="lasso", legend={"y": -0.02, "yanchor": "top", "itemsizing": "constant"},
        margin={"l": 4, "r": 4, "t": 30, "b": 4},
    )
