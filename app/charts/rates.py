"""The learning-rate curve: a search's events and what was read from them in, a table and a figure out."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.style import titled
from app.palette import SECOND, TRAINING, VALIDATION, Mark, tone

# each suggestion's name, symbol and what it means; the order is that of the table
SUGGESTIONS: dict[str, tuple[str, str, str]] = {
    "valley": ("Valley", "circle", "In the longest stretch on which the loss falls, two thirds of its way. fastai's "
               "usual choice, good for a new head."),
    "steepest": ("Steepest", "diamond", "Where the loss falls fastest."),
    "minimum": ("Minimum / 10", "square", "A tenth of the rate at which the loss is lowest."),
    "slide": ("Slide", "triangle-up", "The last rate before the curve turns up for good."),
}
RULES: dict[str, tuple[str, str]] = {
    "article_steepest": ("Article's first rule", "The steepest point, rounded up to a power of ten, and one decade "
                         "above it."),
    "article_plateau": ("Article's second rule", "The plateau's start is the lower end of the range; one decade above "
                        "it is the upper."),
}
_MARKS = dict(zip(SUGGESTIONS, (
    VALIDATION, SECOND, Mark("#7465cc", "square", "dot"), Mark("#5a8a2a", "triangle-up", "dot")), strict=True))


def rates_table(events: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a batch: step (from 1), rate, loss, smoothed."""
    rows = [event for event in events if event.get("kind") == "rate"]
    return pd.DataFrame({key: [row[key] for row in rows] for key in ("step", "rate", "loss", "smoothed")})


def _loss_at(table: pd.DataFrame, rate: float) -> float:
    return float(table["smoothed"].iloc[(table["rate"] / rate - 1).abs().argmin()])


def rates_figure(table: pd.DataFrame, found: dict[str, Any] | None, dark: bool) -> go.Figure:
    """Smoothed loss over the rate, with the suggestions as marks and the article's ranges as bands."""
    figure = go.Figure(
        [
            go.Scatter(x=table["rate"], y=table["loss"], name="Each batch", mode="lines", opacity=0.4,
                       line={"color": TRAINING.colour, "width": 1}),
            go.Scatter(x=table["rate"], y=table["smoothed"], name="Smoothed", mode="lines",
                       line={"color": TRAINING.colour, "width": 3}),
        ]
    )
    for name, (title, symbol, _) in SUGGESTIONS.items():
        if found and found.get(name):
            figure.add_scatter(
                x=[found[name]], y=[_loss_at(table, found[name])], name=f"{title}: {found[name]:.2g}", mode="markers",
                marker={"symbol": symbol, "size": 14, "color": _MARKS[name].colour,
                        "line": {"color": tone(dark).text, "width": 1}},
            )
    for rule, dash in (("article_steepest", "dash"), ("article_plateau", "dot")):
        if found and found.get(rule):
            low, high = found[rule]
            figure.add_vrect(x0=low, x1=high, opacity=0.12, fillcolor=tone(dark).high,
                             line={"color": tone(dark).muted, "dash": dash, "width": 1.5})
    if len(table):
        lowest, highest = float(table["smoothed"].min()), float(table["smoothed"].iloc[0])
        room = max(highest - lowest, 0.1 * abs(highest))
        figure.update_yaxes(range=[lowest - 0.3 * room, highest + 1.5 * room])
    figure.update_xaxes(title="Learning rate (each step is higher than the one before)", type="log",
                        exponentformat="power", range=[-7, 1])
    figure.update_yaxes(title="Training loss")
    return titled(figure, "Loss at each learning rate: usable is where it still falls", 420, dark)


def suggestions_table(found: dict[str, Any]) -> pd.DataFrame:
    """Every suggestion with its rate or range and its meaning; a dash where the curve does not allow it."""
    rows = [
        (title, f"{found[name]:.2e}" if found.get(name) else "–", meaning)
        for name, (title, _, meaning) in SUGGESTIONS.items()
    ]
    rows += [
        (title, "{:.0e} to {:.0e}".format(*found[rule]) if found.get(rule) else "–", meaning)
        for rule, (title, meaning) in RULES.items()
    ]
    return pd.DataFrame(rows, columns=["Suggestion", "Learning rate", "What it is"])
