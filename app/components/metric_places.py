"""Figures of the registry as pages show them: a number in a row of numbers, and a column of a table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pipeline.metrics.metric_registry import Metric
from pipeline.metrics.units import figure_words
from pipeline.shown import as_text

_METRIC_PIXELS = 165
_BY_KEY: Mapping[str, str] = {}
SHORT_NAMES = {"balanced_accuracy": "balanced", "macro_auc": "auc"}  # in addresses and csv of before the registry


def metric_places(n: int, pixels: int = _METRIC_PIXELS) -> list[DeltaGenerator]:
    """Places for `n` numbers in a row, of that width each; of the usual width two in a row on a phone."""
    row = st.container(horizontal=True, gap="small")
    return [row.container(width=pixels) for _ in range(n)]


def metric_number(place: DeltaGenerator, metric: Metric, value: float | None, of: str) -> None:
    """The figure under its name; `of` says in a sentence what it is a figure of."""
    place.metric(as_text(metric.title), figure_words(value, metric.unit), help=f"{as_text(metric.sentence)} {of}")


def metric_values(
    metrics: Iterable[Metric], rows: Sequence[Mapping[str, Any]], names: Mapping[str, str] = _BY_KEY
) -> dict[str, pd.Series]:
    """A column of numbers for each figure, as `metric_columns` shows them: shares in percent, NaN where undefined.

    Args:
        rows: with the figures by key; None and what is not there are undefined.
        names: of columns that are not called by the figure's key.
    """
    return {
        names.get(metric.key, metric.key): pd.to_numeric(pd.Series([row.get(metric.key) for row in rows], dtype=object))
        * (100 if metric.unit.percent else 1)
        for metric in metrics
    }


def metric_columns(metrics: Iterable[Metric], names: Mapping[str, str] = _BY_KEY) -> dict[str, Any]:
    """How a table shows the columns of `metric_values`."""
    return {
        names.get(metric.key, metric.key): st.column_config.NumberColumn(
            metric.title, format="%.1f %%" if metric.unit.percent else "%.3f", help=as_text(metric.sentence))
        for metric in metrics
    }
