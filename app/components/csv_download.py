"""The one button that gives a table as a file. Streamlit's own, in a table's toolbar, is switched off in the
configuration: it writes cells that a spreadsheet takes for formulas.
"""

import pandas as pd
import streamlit as st

from pipeline.csv_cells import table_as_csv
from pipeline.shown import as_plain


def csv_download(table: pd.DataFrame, name: str, key: str, *, disabled: bool = False) -> None:
    """Offers the table, without its index, as `<name>.csv`; it is written when the button is pressed."""
    st.download_button(
        "Download as CSV", lambda: table_as_csv(table), file_name=f"{as_plain(name)}.csv", mime="text/csv",
        key=f"{key}.csv", on_click="ignore", icon=":material/download:", disabled=disabled,
    )
