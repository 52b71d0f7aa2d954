"""The filters of the image wall. They stand in the address; one that names something gone says so and is left out."""

import pandas as pd
import streamlit as st

from app.addresses.links import remember
from app.words.factor_words import FACTOR_WORDS, level_words
from pipeline.data.tables import FACTORS, levels
from pipeline.shown import as_text

_ALL = ""  # None would be shown as a box that waits for a choice


def filters_in_address() -> bool:
    """Whether the address asks for certain images."""
    return any(name in st.query_params for name in (*FACTORS, "page"))


def open_images(**chosen: str) -> None:
    """Put exactly these filters and the wall into the address; for callbacks."""
    remember(view="images", page=None, **{factor: chosen.get(factor) for factor in FACTORS})


def drop_gone_filters(rows: pd.DataFrame) -> None:
    """After another data set was chosen: forget the page and the filters that it has no images for."""
    gone = [f for f in FACTORS if f in st.query_params and st.query_params[f] not in levels(rows, f)]
    remember(page=None, **dict.fromkeys(gone))


def _changed(factor: str) -> None:
    remember(page=None, **{factor: st.session_state[f"wall.{factor}"] or None})


def image_filters(rows: pd.DataFrame) -> dict[str, str]:
    """A select box for each factor; the level chosen in each, without those that show all."""
    chosen, problems = {}, []
    for start in range(0, len(FACTORS), 3):
        for column, factor in zip(st.columns(3), FACTORS[start : start + 3], strict=False):
            known = levels(rows, factor)
            level = st.query_params.get(factor)
            if level in known:
                chosen[factor] = level
            elif level is not None:
                problems.append((factor, level))
            key = f"wall.{factor}"
            st.session_state[key] = chosen.get(factor, _ALL)
            column.selectbox(
                FACTOR_WORDS[factor], [_ALL, *known], key=key, on_change=_changed, args=(factor,),
                format_func=lambda level, factor=factor: level_words(factor, level) if level else "All",
            )
    for factor, level in problems:
        st.warning(
            as_text(f"The address names the {FACTOR_WORDS[factor].lower()} {level[:80]}, which is not in this data "
                    "set (any more). Shown without this filter."),
            icon=":material/link_off:",
        )
    return chosen
