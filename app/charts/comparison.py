"""Several runs in one chart: tables in, Plotly figures out. A run is told by colour, dash and symbol together."""

from collections.abc import Collection, Mapping

import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled, wrapped
from app.palette import Mark
from pipeline.number_words import count
from pipeline.shown import as_label

# by place in the choice; each 3:1 on both pages, and no two share a dash or a symbol
RUN_MARKS = (
    Mark("#1787a0", "circle", "solid"), Mark("#c2591f", "square", "dash"), Mark("#7465cc", "diamond", "dot"),
    Mark("#5a8a2a", "triangle-up", "dashdot"), Mark("#b0559a", "triangle-down", "longdash"),
    Mark("#7d8790", "x", "longdashdot"),
)
MOST_RUNS = len(RUN_MARKS)
_AXIS_ROOM = 60  # pixels for the numbers and the title of the axis
_LEGEND_ROW = 24  # pixels of one legend entry; names are long, so each gets a row of its own


def _below(figure: go.Figure, names: Collection[str], title: str, height: int, dark: bool) -> go.Figure:
    """`titled`, with the legend as a column under the axis title and room for it."""
    room = _LEGEND_ROW * len(names)
    titled(figure, title, height + room, dark)
    # the plot is what the margins leave of the height; its legend starts under the axis title, however tall it is
    return figure.update_layout(
        legend={"orientation": "v", "x": 0, "y": -_AXIS_ROOM / (height - _AXIS_ROOM - 8), "yanchor": "top"},
        margin={"b": room + _AXIS_ROOM},
    )


def course_table(epochs: Mapping[str, pd.DataFrame], names: Mapping[str, str], column: str) -> pd.DataFrame:
    """Epochs down, runs across: `column` of each run's `epochs_table`, and nothing where a run has no such epoch."""
    courses = {names[run]: table.set_index("overall")[column].astype(float) for run, table in epochs.items()}
    return pd.DataFrame(courses).rename_axis("epoch").reset_index()


def _course_figure(epochs: Mapping[str, pd.DataFrame], names: Mapping[str, str], column: str) -> go.Figure:
    figure = go.Figure()
    for (run, table), mark in zip(epochs.items(), RUN_MARKS, strict=False):
        figure.add_scatter(
            x=table["overall"], y=table[column], name=as_label(names[run]), mode="lines+markers",
            line={"color": mark.colour, "dash": mark.dash, "width": 2.5},
            marker={"symbol": mark.symbol, "size": 9, "color": mark.colour},
        )
    longest = max((int(table["overall"].max()) for table in epochs.values() if len(table)), default=1)
    figure.update_xaxes(title="Epoch (over all stages)", dtick=max(longest // 10, 1), range=[0.5, longest + 0.5])
    return figure.update_layout(showlegend=True)


def losses_figure(epochs: Mapping[str, pd.DataFrame], names: Mapping[str, str], dark: bool) -> go.Figure:
    """The validation loss of each run after each epoch; `epochs` by run in the order of the choice."""
    figure = _course_figure(epochs, names, "valid_loss")
    figure.update_yaxes(title="Validation loss (lower is better)", rangemode="tozero")
    return _below(figure, names, "Validation loss: where it rises again, a run learns its training images by heart",
                  300, dark)


def balanced_figure(epochs: Mapping[str, pd.DataFrame], names: Mapping[str, str], dark: bool) -> go.Figure:
    """The balanced accuracy of each run's own validation part after each epoch."""
    figure = _course_figure(epochs, names, "balanced_accuracy")
    figure.update_yaxes(title="Balanced accuracy in validation", range=[0, 1.02], tickformat=".0%")
    return _below(figure, names, "Balanced accuracy: which run gets further, and how soon", 300, dark)


def sensitivity_figure(sensitivity: pd.DataFrame, names: Mapping[str, str], dark: bool) -> go.Figure:
    """A row a diagnosis, a mark a run: the share of the shared images that the run got right."""
    figure = go.Figure()
    counted = zip(sensitivity["dx"], sensitivity["images"], strict=True)
    rows = [f"{wrapped(dx)}<br>n = {count(n, 'image')}" for dx, n in counted]
    places = list(range(len(rows)))
    step = 0.6 / max(len(names) - 1, 1)
    for number, ((run, name), mark) in enumerate(zip(names.items(), RUN_MARKS, strict=False)):
        # runs stand below each other within a row, so that equal shares do not hide one another
        figure.add_scatter(
            x=sensitivity[run], y=[place - 0.3 + number * step for place in places], name=as_label(name),
            mode="markers", marker={"symbol": mark.symbol, "size": 12, "color": mark.colour}, cliponaxis=False,
            customdata=list(enumerate(rows)), hovertemplate="%{customdata[1]}<br>%{x:.1%}",
        )
    for place in places[1:]:
        figure.add_hline(y=place - 0.5, line={"color": "#7d8790", "width": 1}, opacity=0.5)
    figure.update_xaxes(title="Sensitivity (share right)", range=[-0.02, 1.02],
                        tickformat=".0%", tickvals=[0, 0.5, 1], fixedrange=True, tickangle=0)
    figure.update_yaxes(title="Reference diagnosis", tickvals=places, ticktext=rows, range=[len(rows) - 0.5, -0.5],
                        automargin=True, showgrid=False, zeroline=False, fixedrange=True)
    height = max(len(rows), 1) * max(64, 18 * len(names)) + 90
    return _below(figure, names, "Sensitivity by diagnosis: where the runs differ on the same images", height, dark)
