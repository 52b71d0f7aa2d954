"""What the log of a run says: its curves, and where its time went; tables in, Plotly figures out."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled
from app.palette import SECOND, TRAINING, VALIDATION, Mark, tone
from pipeline.number_words import duration, percent
from pipeline.runs.time_parts import part_name

_POINTS = 600  # more than a screen shows
_SMOOTHING = 0.95  # weight of the past; fastai's 0.98 lags far behind in a run of 70 batches


def batches_table(events: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a training batch: batch (from 1 over all stages), stage, epoch, loss, smoothed, learning_rate."""
    rows = [event for event in events if event.get("kind") == "batch"]
    table = pd.DataFrame(
        {
            "batch": range(1, len(rows) + 1),
            "stage": [r["stage"] for r in rows], "epoch": [r["epoch"] for r in rows],
            "loss": [r["loss"] for r in rows], "learning_rate": [r["lr"] for r in rows],
        }
    )
    table.insert(4, "smoothed", table["loss"].astype(float).ewm(alpha=1 - _SMOOTHING).mean())
    return table


def epochs_table(events: list[dict[str, Any]], batches: pd.DataFrame) -> pd.DataFrame:
    """One row an epoch: overall, stage, epoch, batch (the last of it), losses, accuracies, images_per_second, seconds.

    An epoch that a resumed run repeated stands once, as it was last.
    """
    rows = {event["overall"]: event for event in events if event.get("kind") == "epoch"}
    columns = ["overall", "stage", "epoch", "train_loss", "valid_loss", "accuracy", "balanced_accuracy",
               "images_per_second", "seconds"]
    table = pd.DataFrame([rows[key] for key in sorted(rows)], columns=columns)
    table = table.astype({column: float for column in ("valid_loss", "accuracy", "balanced_accuracy")})
    last = batches.groupby(["stage", "epoch"])["batch"].max()
    ends = [int(last.get((row.stage, row.epoch), 0)) for row in table.itertuples()]
    table.insert(3, "batch", ends)
    return table


def _thinned(batches: pd.DataFrame) -> pd.DataFrame:
    return batches.iloc[:: max(len(batches) // _POINTS, 1)]


def _line(
    x: pd.Series, y: pd.Series, name: str, mark: Mark, mode: str = "lines+markers", width: float = 2, opacity: float = 1
) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, name=name, mode=mode, opacity=opacity, line={"color": mark.colour, "dash": mark.dash, "width": width},
        marker={"symbol": mark.symbol, "size": 9, "color": mark.colour},
    )


def _legend(height: int) -> float:
    """Where the legend stands below the axis' title, in heights of the plot, which a lower chart has less of."""
    return -0.25 if height >= 300 else -0.5


def loss_figure(batches: pd.DataFrame, epochs: pd.DataFrame, dark: bool, height: int = 340) -> go.Figure:
    """Batch loss, its smoothed course, and both losses at the end of each epoch; `height` in pixels."""
    shown = _thinned(batches)
    figure = go.Figure(
        [
            _line(shown["batch"], shown["loss"], "Each batch", TRAINING, "lines", 1, 0.55),
            _line(shown["batch"], shown["smoothed"], "Batches, smoothed", TRAINING, "lines", 3),
            _line(epochs["batch"], epochs["train_loss"], "Training, mean of the epoch", SECOND),
            _line(epochs["batch"], epochs["valid_loss"], "Validation, after the epoch", VALIDATION),
        ]
    )
    figure.update_xaxes(title="Training batch")
    figure.update_yaxes(title="Loss (lower is better)", rangemode="tozero")
    return titled(figure, "Loss: it should fall, and the validation loss with it", height, dark).update_layout(
        legend_y=_legend(height))


def accuracy_figure(epochs: pd.DataFrame, planned: int, dark: bool, height: int = 340) -> go.Figure:
    """Accuracy and balanced accuracy of the validation part after each of the `planned` epochs; `height` in pixels."""
    figure = go.Figure(
        [
            _line(epochs["overall"], epochs["accuracy"], "Accuracy", SECOND),
            _line(epochs["overall"], epochs["balanced_accuracy"], "Balanced accuracy", VALIDATION),
        ]
    )
    figure.update_xaxes(title="Epoch (over all stages)", dtick=max(planned // 10, 1), range=[0.5, planned + 0.5])
    figure.update_yaxes(title="Share right in validation", range=[0, 1.02], tickformat=".0%")
    return titled(figure, "Accuracy after each epoch: balanced accuracy weighs all diagnoses alike", height,
                  dark).update_layout(legend_y=_legend(height))


def rate_figure(batches: pd.DataFrame, dark: bool) -> go.Figure:
    """The learning rate of the head at each batch."""
    shown = _thinned(batches)
    figure = go.Figure(_line(shown["batch"], shown["learning_rate"], "Learning rate", VALIDATION, "lines"))
    figure.update_xaxes(title="Training batch")
    figure.update_yaxes(title="Learning rate of the head", rangemode="tozero", exponentformat="power")
    return titled(figure, "Learning rate: one cycle in each stage, up and then down", 300, dark)


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
