"""The head of a page in parts: its title, the choice of a part, and a place for what the part asks.

The address has the parameters of the part that is shown. Those of the other parts are kept for the way back to them, so
that two parts may use one name for different things.
"""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.addresses.links import linked
from app.addresses.redraw import refreshing
from app.addresses.visits import mark
from pipeline.shown import as_text

_KEPT = "tabs.kept"  # the parameters of each part that was left
_WIDTHS = (1.3, 2, 6)


def tabbed_head(title: str, tabs: Mapping[str, str]) -> tuple[str, DeltaGenerator]:
    """Draws the title and the choice beside it.

    Args:
        tabs: the address's `tab` to words; the first is shown without one, and needs none in the address.

    Returns:
        The part to draw, and the column beside the choice.
    """
    first, second, place = st.columns(_WIDTHS, vertical_alignment="bottom")
    first.title(title)
    link, usual = linked("tab", tabs), next(iter(tabs))
    shown = link.value or usual
    if link.problem:
        st.warning(as_text(f"{link.problem} Shown instead: {tabs[shown]}."), icon=":material/link_off:")
    key = f"tab.{usual}"
    st.session_state[key] = shown
    second.radio(  # a segmented control's chosen word has 3.6:1 on a dark page
        f"Part of {title}", list(tabs), key=key, format_func=tabs.get, horizontal=True, label_visibility="collapsed",
        on_change=lambda: _turn(shown, st.session_state[key], usual),
    )
    return shown, place


def _turn(old: str, new: str, usual: str) -> None:
    """Puts the parameters of the part `old` away, and those that `new` had into the address."""
    if refreshing():
        return
    kept, own = st.session_state.setdefault(_KEPT, {}), mark()
    here = st.query_params.to_dict()
    kept[old] = {name: value for name, value in here.items() if name != "tab" and name not in own}
    st.query_params.from_dict({**({} if new == usual else {"tab": new}), **kept.get(new, {}), **own})
