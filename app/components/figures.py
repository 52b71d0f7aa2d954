"""A chart as every page shows it: its title above, the figure, and the table behind it."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def dark() -> bool:
    """Whether this visitor's page is dark."""
    return st.context.theme.type == "dark"


def show(figure: go.Figure, table: pd.DataFrame, name: str, *, key: str, selecting: bool = False):
    """Draws the figure under its title; below it, folded, the table with a download as `<name>.csv`.

    Args:
        selecting: a click on a point reruns the page; the selection stands in the session state under `key`.
    """
    title = figure.layout.meta["title"]
    st.markdown(f"**{title}**")
    st.plotly_chart(figure, key=key, config=_CONFIG, alt=f"Chart. {title}. The table below it has the numbers.",
                    on_select="rerun" if selecting else "ignore", selection_mode="points")
    show_table(table, title, name, key)


def show_table(table: pd.DataFrame, title: str, name: str, key: str) -> None:
    """A folded table with its download."""
    with st.expander(f"Table: {title.split(':')[0]}"):
        st.dataframe(table, hide_index=True, key=f"{key}.table")
        st.download_button(
            "Download as CSV", lambda: table.to_csv(index=False).encode(), file_name=f"{name}.csv", mime="text/csv",
            key=f"{key}.csv", on_click="ignore", icon=":material/download:",
        )
