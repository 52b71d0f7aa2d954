"""The article's figures in a table, with the split that they hold for."""

import pandas as pd
import streamlit as st

from pipeline.configuration.article import FIGURES, SPLIT
from pipeline.number_words import UNDEFINED, percent


def article_table(key: str) -> None:
    """A row a figure, as the article reports it."""
    table = pd.DataFrame(
        {
            "Network": [figure.network for figure in FIGURES],
            "Accuracy, as reported": [" and ".join(percent(a) for a in figure.accuracy) for figure in FIGURES],
            "After": [figure.stage for figure in FIGURES],
            "Split": SPLIT,
            "Preset that repeats it": [figure.preset or UNDEFINED for figure in FIGURES],
        }
    )
    st.dataframe(table, hide_index=True, key=key, width="stretch")
