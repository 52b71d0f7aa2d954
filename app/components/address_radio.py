"""A row of choices whose value stands in the address; a stale address says so."""

from collections.abc import Collection, Mapping

import streamlit as st

from app.addresses.links import Parameter, linked, remember
from pipeline.shown import as_text


def address_radio(
    title: str, parameter: Parameter, options: Mapping[str, str], *, hidden: bool = False,
    forgets: Collection[str] = (),
) -> str:
    """The address's `parameter`, else the first of `options` (value to words); an unknown one is named in a warning.

    Args:
        hidden: without the title, which screen readers get all the same.
        forgets: parameters whose values depend on this choice; another choice takes them out of the address.
    """
    link = linked(parameter, options)
    chosen = link.value or next(iter(options))
    if link.problem:
        st.warning(as_text(f"{link.problem} Shown instead: {options[chosen]}."), icon=":material/link_off:")
    key = f"radio.{parameter}"
    st.session_state[key] = chosen
    return st.radio(
        title, list(options), key=key, format_func=lambda one: as_text(options[one]), horizontal=True,
        label_visibility="collapsed" if hidden else "visible",
        on_change=lambda: remember(**{parameter: st.session_state[key]}, **dict.fromkeys(forgets)),
    )
