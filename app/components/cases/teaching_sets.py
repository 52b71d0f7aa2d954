"""Teaching sets, notes and doubts: made of what is ticked or found, written down beside an image, and kept in order."""

import pandas as pd
import streamlit as st

from app.access import not_offered, operator, require_operator
from app.addresses.links import CASE, EXPLORE, explore_link
from app.addresses.visits import mark
from app.components import problems
from app.components.cases.case_wall import selected
from app.components.cases.set_handout import handout_buttons
from app.components.figures import csv_download
from app.loaders import resources
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import (
    LONGEST_NAME,
    LONGEST_NOTE,
    Remark,
    TeachingSet,
    add_images,
    change_set,
    create_set,
    damaged_sets,
    delete_set,
    restore_set,
    set_table,
    taught_data,
    write_remark,
)
from pipeline.shown import as_lines, as_text

_NEW = ""
_DELETED = "explore.deleted_set"


def with_remarks(cases: pd.DataFrame, remarks: dict[str, Remark]) -> pd.DataFrame:
    """The cases with `label_doubtful` and `note`."""
    said = [remarks.get(image_id, Remark()) for image_id in cases.index]
    return cases.assign(label_doubtful=[r.doubtful for r in said], note=[r.note for r in said])


def csv_button(run: RunDir, found: pd.DataFrame, remarks: dict[str, Remark]) -> None:
    """All images that match, in their order, as a table."""
    csv_download(with_remarks(found, remarks), f"{run.name}-images", "explore", disabled=found.empty)


def set_maker(run: RunDir, found: pd.DataFrame, sets: dict[str, TeachingSet]) -> None:
    """The form that makes a teaching set of the ticked images or of all that match, or adds them to one."""
    ticked = selected(run)
    folded = st.popover("Make a teaching set", icon=":material/collections_bookmark:")
    with folded, st.form("explore.new_set", border=False, clear_on_submit=True):
        which = st.radio("Images", ["ticked", "found"], horizontal=True, key="explore.new_set.which", format_func={
            "ticked": f"The selected: {count(len(ticked), 'image')}",
            "found": f"All that match: {count(len(found), 'image')}"}.get)
        left, right = st.columns(2)
        into = left.selectbox("Put them into", [_NEW, *sets], key="explore.new_set.into",
                              format_func=lambda one: sets[one].name if one else "A new set")
        name = right.text_input("Name of the new set", key="explore.new_set.name", max_chars=LONGEST_NAME)
        note = st.text_area("Notes", key="explore.new_set.note", max_chars=LONGEST_NOTE,
                            help="What this set is to teach. Only for a new set; an existing one keeps its notes.")
        if not st.form_submit_button("Save", icon=":material/save:", key="explore.new_set.save"):
            return
    with problems.in_words():
        images = list(found.index)
        if which == "ticked":
            images = [image_id for image_id in images if image_id in ticked]
            images += sorted(ticked - set(images))  # ticked under an earlier filter
        _put_into(into, name, note, run, images)
        ticked.clear()
        st.rerun()


def _put_into(into: str, name: str, note: str, run: RunDir, images: list[str]) -> None:
    """Puts images into a set, or with _NEW into a new one; says so on the page that is drawn next."""
    place = resources.workspace()
    one = create_set(place, name, note, taught_data(run), run, images) if into == _NEW else add_images(
        place, into, images)
    problems.say_later(f"The teaching set “{one.name}” has {count(len(one.images), 'image')}.")


def case_note(run: RunDir, image_id: str, remark: Remark, sets: dict[str, TeachingSet]) -> None:
    """Two forms: note and tag, which hold for the image wherever it is shown; and a teaching set to put it into."""
    problems.said()
    left, right = st.columns(2, gap="large")
    with left:
        _remark(run, image_id, remark)
    with right:
        _into_a_set(run, image_id, sets)


def _remark(run: RunDir, image_id: str, remark: Remark) -> None:
    with st.form(f"case.note.{image_id}", border=False):
        note = st.text_area("Note on this image", remark.note, key=f"case.note.{image_id}.text",
                            max_chars=LONGEST_NOTE, placeholder="What is to be learnt from it?")
        doubtful = st.checkbox("Label doubtful", remark.doubtful, key=f"case.note.{image_id}.doubtful",
                               help="The recorded truth may be wrong. It changes no figure.")
        if st.form_submit_button("Save note", key=f"case.note.{image_id}.save", icon=":material/save:"):
            with problems.in_words():
                write_remark(resources.workspace(), taught_data(run), image_id, Remark(note, doubtful))
                problems.say_later("The note is saved.")
                st.rerun()


def _into_a_set(run: RunDir, image_id: str, sets: dict[str, TeachingSet]) -> None:
    inside = [as_text(one.name) for one in sets.values() if image_id in one.images]
    st.markdown("In the teaching sets: " + ", ".join(inside) if inside else "In no teaching set yet.")
    with st.form(f"case.set.{image_id}", border=False):
        into = st.selectbox("Teaching set", [_NEW, *sets], key=f"case.set.{image_id}.into",
                            format_func=lambda one: sets[one].name if one else "A new set")
        name = st.text_input("Name of the new set", key=f"case.set.{image_id}.name", max_chars=LONGEST_NAME)
        if st.form_submit_button("Put it in", key=f"case.set.{image_id}.save", icon=":material/bookmark_add:"):
            with problems.in_words():
                _put_into(into, name, "", run, [image_id])
                st.rerun()


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
        handout_buttons(run, one, cases, remarks)
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
