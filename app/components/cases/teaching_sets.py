"""Teaching sets, notes and doubts: made of what is ticked or found, written down beside an image, and kept in order."""

import pandas as pd
import streamlit as st

from app.access import Right, may, not_offered, require
from app.addresses.links import ERRORS, LESSON, TEACH, explore_link, shared_address
from app.addresses.visits import mark
from app.components import problems
from app.components.cases.same_name import NEW, PUT_AWAY, PutAway, asks, name_question, put_into
from app.components.cases.set_handout import take_along
from app.components.figures import csv_download
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
    taught_data,
    write_remark,
)
from pipeline.shown import as_lines, as_text


def with_remarks(cases: pd.DataFrame, remarks: dict[str, Remark]) -> pd.DataFrame:
    """The cases with `label_doubtful` and `note`."""
    said = [remarks.get(image_id, Remark()) for image_id in cases.index]
    return cases.assign(label_doubtful=[r.doubtful for r in said], note=[r.note for r in said])


def csv_button(run: RunDir, found: pd.DataFrame, remarks: dict[str, Remark]) -> None:
    """All images that match, in their order, as a table."""
    csv_download(with_remarks(found, remarks), f"{run.name}-images", "explore", disabled=found.empty)


def case_note(run: RunDir, image_id: str, remark: Remark, sets: dict[str, TeachingSet]) -> None:
    """Two forms: note and tag, which hold for the image wherever it is shown; and a teaching set to put it into."""
    problems.said()
    left, right = st.columns(2, gap="large")
    with left:
        _remark(run, image_id, remark)
    with right:
        _into_a_set(run, image_id, sets)


def _remark(run: RunDir, image_id: str, remark: Remark) -> None:
    if not may(Right.TEACH):
        st.markdown(as_lines(remark.note) or "No note on this image.")
        if remark.doubtful:
            st.markdown(":material/flag: label doubtful")
        return
    with st.form(f"case.note.{image_id}", border=False):
        note = st.text_area("Note on this image", remark.note, key=f"case.note.{image_id}.text",
                            max_chars=LONGEST_NOTE, placeholder="What is to be learnt from it?")
        doubtful = st.checkbox("Label doubtful", remark.doubtful, key=f"case.note.{image_id}.doubtful",
                               help="The reference diagnosis may be wrong. It changes no figure.")
        if st.form_submit_button("Save note", key=f"case.note.{image_id}.save", icon=":material/save:"):
            with problems.in_words():
                require(Right.TEACH, "writes notes")
                write_remark(resources.workspace(), taught_data(run), image_id, Remark(note, doubtful))
                problems.say_later("The note is saved.")
                st.rerun()


def _into_a_set(run: RunDir, image_id: str, sets: dict[str, TeachingSet]) -> None:
    inside = [as_text(one.name) for one in sets.values() if image_id in one.images]
    st.markdown("In the teaching sets: " + ", ".join(inside) if inside else "In no teaching set yet.")
    if not may(Right.TEACH):
        return
    key = f"case.set.{image_id}"
    asked = asks(key)
    with problems.in_words():
        one = name_question(key, run) if asked else _set_form(key, run, image_id, sets)
        if one is not None:
            problems.say_later(f"The teaching set “{one.name}” has {count(len(one.images), 'image')}.")
        if one is not None or asks(key) != asked:
            st.rerun()


def _set_form(key: str, run: RunDir, image_id: str, sets: dict[str, TeachingSet]) -> TeachingSet | None:
    """The form; the set that has just got the image."""
    with st.form(key, border=False):
        into = st.selectbox("Teaching set", [NEW, *sets], key=f"{key}.into",
                            format_func=lambda one: sets[one].name if one else "A new set")
        name = st.text_input("Name of the new set", key=f"{key}.name", max_chars=LONGEST_NAME)
        if st.form_submit_button("Put it in", key=f"{key}.save", icon=":material/bookmark_add:"):
            return put_into(key, run, into, name, "", [image_id])
    return None


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
    not_offered(Right.TEACH, "Changing and deleting teaching sets")
    for one in sets.values():
        with st.container(border=True):
            _block(run, one, cases, remarks)


def _undo() -> None:
    away: PutAway | None = st.session_state.get(PUT_AWAY)
    if away is None or not may(Right.RESTORE):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(as_text(f"The teaching set “{away.name}” is {away.how}."), width="content")
        if st.button("Take it back", key="explore.undo", icon=":material/undo:"):
            with problems.in_words():
                require(Right.RESTORE, "restores teaching sets")
                restore_set(resources.workspace(), away.set_id)
                del st.session_state[PUT_AWAY]
                st.rerun()


def _link(run: RunDir, one: TeachingSet) -> None:
    """The address under which a class goes through the set, with a button that copies it."""
    with st.popover("Copy link", icon=":material/link:"):
        st.code(shared_address("lesson", run=run.name, set=one.id), language=None, wrap_lines=True)


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
        st.page_link(ERRORS, label=f"Open “{as_text(one.name)}”", icon=":material/photo_library:",
                     query_params=explore_link(run.name, set=one.id))
        st.page_link(LESSON, label="Go through it", icon=":material/slideshow:", query_params={
            "run": run.name, "set": one.id, **mark()})
        if may(Right.OPEN_ROOM):
            st.page_link(TEACH, label="Give it to a class", icon=":material/co_present:", query_params={
                "run": run.name, "set": one.id, **mark()})
        _link(run, one)
        take_along(run, one, cases, remarks)
        if may(Right.DELETE) and st.button("Delete", key=f"explore.{one.id}.delete", icon=":material/delete:"):
            with problems.in_words():
                require(Right.DELETE, "deletes teaching sets")
                delete_set(resources.workspace(), one.id)
                st.session_state[PUT_AWAY] = PutAway(one.id, one.name, "deleted")
                st.rerun()
    if not may(Right.TEACH):
        return
    with st.expander("Name and notes", icon=":material/edit:"), st.form(f"explore.{one.id}.form", border=False):
        name = st.text_input("Name", one.name, max_chars=LONGEST_NAME, key=f"explore.{one.id}.name")
        note = st.text_area("Notes", one.note, max_chars=LONGEST_NOTE, key=f"explore.{one.id}.note")
        if st.form_submit_button("Save", icon=":material/save:", key=f"explore.{one.id}.save"):
            with problems.in_words():
                require(Right.TEACH, "changes teaching sets")
                change_set(resources.workspace(), one.id, name, note)
                st.rerun()
