"""The bar at the foot of the window once an image is ticked: how many are, and the form that makes a set of them."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from app.access import Right, may
from app.addresses.links import ERRORS, explore_link
from app.components import problems
from app.components.cases.same_name import NEW, asks, name_question, put_into
from app.components.cases.ticks import BAR, ticked, ticked_words, untick_all
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import LONGEST_NAME, LONGEST_NOTE, TeachingSet
from pipeline.shown import as_text

_KEY = "explore.new_set"
_FOLDED = "explore.set_maker"
_MADE = "explore.set_made"  # the set that was made last, until the next bar has told it


def set_maker(run: RunDir, found: pd.DataFrame, sets: Mapping[str, TeachingSet]) -> None:
    """The bar for the ticked images of the run, in the order of `found` as far as they match; without any the lesions
    have the room."""
    if ticked(run) or _MADE in st.session_state:
        with st.bottom:
            _bar(run, list(found.index), sets)


@st.fragment(key=BAR)
def _bar(run: RunDir, found: list[str], sets: Mapping[str, TeachingSet]) -> None:
    made: TeachingSet | None = st.session_state.pop(_MADE, None)
    if made is not None:  # before the widgets are drawn: afterwards nobody may change them
        st.session_state[_FOLDED] = False
        st.session_state.update({f"{_KEY}.into": NEW, f"{_KEY}.name": "", f"{_KEY}.note": ""})
    one = None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(ticked_words(run), width="content")
        if may(Right.TEACH):
            with st.popover("Make a teaching set", icon=":material/collections_bookmark:", key=_FOLDED,
                            on_change="rerun"):
                one = name_question(_KEY, run) if asks(_KEY) else _form(run, found, sets)
        if ticked(run):
            st.button("Select none", key="explore.select_none", on_click=untick_all, args=(run,), type="tertiary",
                      icon=":material/deselect:")
        if made is not None:
            st.success(as_text(f"The teaching set “{made.name}” has {count(len(made.images), 'image')}."), width=420)
            st.page_link(ERRORS, label="Open it", icon=":material/photo_library:",
                         query_params=explore_link(run.name, set=made.id))
    if one is not None:
        ticked(run).clear()
        st.session_state[_MADE] = one
        st.rerun()


def _form(run: RunDir, found: list[str], sets: Mapping[str, TeachingSet]) -> TeachingSet | None:
    """The form; the set that has just been made or added to."""
    chosen = ticked(run)
    with st.form(_KEY, border=False):
        into = st.selectbox("Put them into", [NEW, *sets], key=f"{_KEY}.into",
                            format_func=lambda one: sets[one].name if one else "A new set")
        # what is written stays while the question about the name stands in the form's place
        name = st.text_input("Name of the new set", key=f"{_KEY}.name", max_chars=LONGEST_NAME,
                             persist_state="page")
        note = st.text_area("Notes", key=f"{_KEY}.note", max_chars=LONGEST_NOTE, persist_state="page",
                            help="What this set is to teach. Only for a new set; an existing one keeps its notes.")
        if not st.form_submit_button("Save", icon=":material/save:", key=f"{_KEY}.save"):
            return None
    one = None
    with problems.in_words():
        images = [image_id for image_id in found if image_id in chosen]
        images += sorted(chosen - set(images))  # ticked under an earlier filter
        one = put_into(_KEY, run, into, name, note, images)
        if one is None:
            st.rerun()  # the question stands where the form stood
    return one
