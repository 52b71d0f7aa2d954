"""The teaching sets of a data set: open, rename, note, export, delete, and take a deletion back."""

import pandas as pd
import streamlit as st

from app.access import not_offered, operator, require_operator
from app.addresses.links import CASE, EXPLORE, explore_link
from app.addresses.visits import mark
from app.components import problems
from app.components.csv_download import csv_download
from app.loaders import resources
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import (
    LONGEST_NAME,
    LONGEST_NOTE,
    Remark,
    TeachingSet,
    change_set,
    damaged_sets,
    delete_set,
    restore_set,
    set_table,
)
from pipeline.shown import as_lines, as_text

_DELETED = "explore.deleted_set"


def teaching_sets(run: RunDir, cases: pd.DataFrame, sets: dict[str, TeachingSet], remarks: dict[str, Remark]) -> None:
    """One block for each set of the run's data set, newest first."""
    problems.said()
    _undo()
    for error in damaged_sets(resources.workspace()):
        problems.show(error)
    if not sets:
        st.markdown(
            "A teaching set is a named selection of images with notes, such as *melanomas that look like nevi*. Select "
            "images under **Images**, then choose **Make a teaching set**."
        )
        return
    not_offered("Deleting teaching sets")
    for one in sets.values():
        with st.container(border=True):
            _block(run, one, cases, remarks)


def _undo() -> None:
    deleted = st.session_state.get(_DELETED)
    if not deleted or not operator():
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(as_text(f"The teaching set “{deleted[1]}” is deleted."), width="content")
        if st.button("Take it back", key="explore.undo", icon=":material/undo:"):
            with problems.in_words():
                require_operator("restores teaching sets")
                restore_set(resources.workspace(), deleted[0])
                del st.session_state[_DELETED]
                st.rerun()


def _block(run: RunDir, one: TeachingSet, cases: pd.DataFrame, remarks: dict[str, Remark]) -> None:
    judged = sum(image_id in cases.index for image_id in one.images)
    doubtful = sum(remarks.get(image_id, Remark()).doubtful for image_id in one.images)
    st.markdown(f"**{as_text(one.name)}** · {count(len(one.images), 'image')}"
                + (f", {count(doubtful, 'doubtful label')}" if doubtful else ""))
    if one.note:
        st.markdown(as_lines(one.note))
    if judged < len(one.images):
        st.caption(as_text(f"{run.name} judged {judged:,} of them; the set was made with {one.run}."))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(EXPLORE, label=f"Open “{as_text(one.name)}”", icon=":material/photo_library:",
                     query_params=explore_link(run.name, set=one.id))
        first = next((image_id for image_id in one.images if image_id in cases.index), None)
        if first:
            st.page_link(CASE, label="Go through it", icon=":material/slideshow:", query_params={
                "run": run.name, "image": first, "set": one.id, **mark()})
        csv_download(set_table(one, cases, remarks), one.id, f"explore.{one.id}")
        if operator() and st.button("Delete", key=f"explore.{one.id}.delete", icon=":material/delete:"):
            with problems.in_words():
                require_operator("deletes teaching sets")
                delete_set(resources.workspace(), one.id)
                st.session_state[_DELETED] = (one.id, one.name)
                st.rerun()
    with st.expander("Name and notes", icon=":material/edit:"), st.form(f"explore.{one.id}.form", border=False):
        name = st.text_input("Name", one.name, max_chars=LONGEST_NAME, key=f"explore.{one.id}.name")
        note = st.text_area("Notes", one.note, max_chars=LONGEST_NOTE, key=f"explore.{one.id}.note")
        if st.form_submit_button("Save", icon=":material/save:", key=f"explore.{one.id}.save"):
            with problems.in_words():
                change_set(resources.workspace(), one.id, name, note)
                st.rerun()
