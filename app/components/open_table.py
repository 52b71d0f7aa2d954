"""A chart whose table stands open beside or below it, because its numbers are read as often as it is."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.components.csv_download import csv_download
from app.components.image_ways import chooses_row, row_chosen
from pipeline.shown import as_text

_ROW = 35  # pixels
_CONFIG = {"displaylogo": False, "displayModeBar": False}


def chart(figure: go.Figure, key: str, names: Sequence[str] | None = None) -> None:
    """The figure under its title; `open_table` must follow with its numbers.

    Args:
        names: of the rows; a click on a point, whose `customdata` begins with the place of its row, chooses that one
            for `row_ways`.
    """
    title = figure.layout.meta["title"]
    alt = f"Chart. {title}. The table below it has the numbers."
    st.markdown(f"**{as_text(title)}**")
    st.plotly_chart(figure, key=key, config=_CONFIG, alt=alt, selection_mode="points",
                    on_select="ignore" if names is None else chooses_row(figure, key, names))


def open_table(table: pd.DataFrame, key: str, names: Sequence[str] | None = None) -> None:
    """All rows of a table of words, its first column in sight when it is scrolled, and its download.

    Args:
        names: of the rows; a selected row is chosen for `row_ways` under this key.
    """
    first = table.columns[0]
    shape = {
        "hide_index": True, "row_height": _ROW, "height": _ROW * (len(table) + 1) + 3, "key": f"{key}.table",
        "column_config": {first: st.column_config.TextColumn(pinned=True)},
    }
    if names is None:
        st.dataframe(table, **shape)
    else:
        st.dataframe(table, **shape, selection_mode="single-row", on_select=lambda: row_chosen(key, names))
    csv_download(table, key, key)
