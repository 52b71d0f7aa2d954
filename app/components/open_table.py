"""A chart whose table stands open beside or below it, because its numbers are read as often as it is."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

_ROW = 35  # pixels


def chart(figure: go.Figure, key: str) -> None:
    """The figure under its title; `open_table` must follow with its numbers."""
    title = figure.layout.meta["title"]
    st.markdown(f"**{title}**")
    st.plotly_chart(figure, key=key, config={"displaylogo": False, "displayModeBar": False},
                    alt=f"Chart. {title}. The table below it has the numbers.")


def open_table(table: pd.DataFrame, key: str) -> None:
    """All rows of a table of words, its first column in sight when it is scrolled; Streamlit's toolbar downloads it."""
    first = table.columns[0]
    st.dataframe(table, hide_index=True, key=key, row_height=_ROW, height=_ROW * (len(table) + 1) + 3,
                 column_config={first: st.column_config.TextColumn(pinned=True)})
