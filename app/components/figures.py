"""A chart as every page shows it: its title above, the figure, and the table behind it."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.components.csv_download import csv_download
from app.components.image_ways import chooses_row
from pipeline.number_words import UNDEFINED
from pipeline.shown import as_text

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def dark() -> bool:
    """Whether this visitor's page is dark."""
    return st.context.theme.type == "dark"


def show(
    figure: go.Figure, table: pd.DataFrame, name: str, *, key: str, selecting: bool = False,
    names: Sequence[str] | None = None,
):
    """Draws the figure under its title; below it, folded, the table with a download as `<name>.csv`.

    Args:
        selecting: a click on a point reruns the page; the selection stands in the session state under `key`.
        names: of rows, for a click that chooses one of them for `image_ways.row_ways`.
    """
    on_select = "rerun" if selecting else "ignore"
    if names is not None:
        on_select = chooses_row(figure, key, names)
    title = figure.layout.meta["title"]
    st.markdown(f"**{as_text(title)}**")
    st.plotly_chart(figure, key=key, config=_CONFIG, alt=f"Chart. {title}. The table below it has the numbers.",
                    on_select=on_select, selection_mode="points")
    show_table(table, title, name, key)


def _undefined_as_dash(table: pd.DataFrame) -> pd.DataFrame:
    """The table as it is shown: a column of numbers that is undefined somewhere becomes words."""
    holes = [name for name in table.select_dtypes("number") if table[name].isna().any()]
    return table.assign(**{name: [UNDEFINED if pd.isna(v) else f"{v:.4g}" for v in table[name]] for name in holes})


def show_table(table: pd.DataFrame, title: str, name: str, key: str) -> None:
    """A folded table with its download."""
    with st.expander(f"Table: {as_text(title.split(':')[0])}"):
        st.dataframe(_undefined_as_dash(table), hide_index=True, key=f"{key}.table")
        csv_download(table, name, key)
