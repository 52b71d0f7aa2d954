"""What diagnoses of an archive are that LesionLab does not know by their names: proposed, looked at, confirmed.

An import that needs it stops before it has stored anything and is asked for again with the mapping.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import streamlit as st

from pipeline.classes import DIAGNOSES, label
from pipeline.data.diagnosis_names import LEFT_OUT
from pipeline.data.naming import Named, UnconfirmedNamesError
from pipeline.number_words import count
from pipeline.shown import as_text

_KEY = "import.asked"
_COLUMNS = 3


@dataclass(frozen=True)
class _Asked:
    """`names` of the archive that was given by `source`; `advice` says what may be better than a mapping."""

    source: Hashable
    names: tuple[Named, ...]
    advice: str


def ask(source: Hashable, error: UnconfirmedNamesError) -> None:
    """Shows the panel from the next run of the page on, as long as the form names the same `source`."""
    st.session_state[_KEY] = _Asked(source, error.names, error.advice)
    st.rerun()


def no_longer_ask() -> None:
    """Puts the panel away: the import has succeeded."""
    st.session_state.pop(_KEY, None)


def _code_words(code: str) -> str:
    return "Leave out" if code == LEFT_OUT else label(code)


def naming_panel(source: Hashable) -> dict[str, str] | None:
    """Draws the names that the last import from `source` was asked about, a choice for each; nothing where none was.

    Returns:
        What was confirmed in this run of the page: each name to a code or LEFT_OUT; else None.
    """
    asked: _Asked | None = st.session_state.get(_KEY)
    if asked is None or asked.source != source:
        return None
    codes = [*DIAGNOSES, LEFT_OUT]
    with st.form("import.map"):
        st.markdown(
            "**What are these diagnoses?** LesionLab does not know their names for certain, and has imported "
            "nothing yet. What is chosen here is a proposal: look at each, change what is wrong, then confirm."
        )
        if asked.advice:
            st.warning(as_text(asked.advice), icon=":material/table:")
        chosen: dict[str, str] = {}
        for start in range(0, len(asked.names), _COLUMNS):
            row = asked.names[start : start + _COLUMNS]
            for column, one in zip(st.columns(_COLUMNS), row, strict=False):
                chosen[one.name] = column.selectbox(
                    f"{as_text(one.name)} ({count(one.images, 'image')})", codes, codes.index(one.proposed or LEFT_OUT),
                    format_func=_code_words, key=f"import.map.{one.name}",
                )
        st.caption("*Benign lesion* and *Malignant lesion* stand beside no other diagnosis: they hold those too.")
        confirmed = st.form_submit_button("Import with these diagnoses", type="primary", icon=":material/check:")
    return chosen if confirmed else None
