"""Charts and tables as every page shows them: a title above the figure, the table behind it, and its download."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.access import Right, later, may
from app.components.image_ways import chooses_row, row_chosen
from pipeline.files.csv_cells import table_as_csv
from pipeline.number_words import UNDEFINED
from pipeline.shown import as_plain, as_text

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}
_ROW = 35  # pixels


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


def chart(figure: go.Figure, key: str, names: Sequence[str] | None = None) -> None:
    """The figure under its title; `open_table` must follow with its numbers, which are read as often as it is.

    Args:
        names: of the rows; a click on a point, whose `customdata` begins with the place of its row, chooses that one
            for `row_ways`.
    """
    title = figure.layout.meta["title"]
    alt = f"Chart. {title}. The table below it has the numbers."
    st.markdown(f"**{as_text(title)}**")
    st.plotly_chart(figure, key=key, config=_CONFIG | {"displayModeBar": False}, alt=alt, selection_mode="points",
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


def csv_download(table: pd.DataFrame, name: str, key: str, *, disabled: bool = False) -> None:
    """Offers the table, without its index, as `<name>.csv`; it is written when the button is pressed.

    The one button for it: Streamlit's own, in a table's toolbar, is switched off in the configuration, since it writes
    cells that a spreadsheet takes for formulas.
    """
    if not may(Right.TAKE_AWAY):
        return
    st.download_button(
        "Download as CSV", later(Right.TAKE_AWAY, lambda: table_as_csv(table)), file_name=f"{as_plain(name)}.csv",
        mime="text/csv", key=f"{key}.csv", on_click="ignore", icon=":material/download:", disabled=disabled,
    )
