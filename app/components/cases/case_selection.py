"""From the wall to a teaching set or a table: what is ticked, or all that the filters leave."""

import pandas as pd
import streamlit as st

from app.components import problems
from app.components.cases.case_wall import selected
from app.components.csv_download import csv_download
from app.loaders import resources
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import LONGEST_NAME, LONGEST_NOTE, Remark, TeachingSet, add_images, create_set

_NEW = ""


def with_remarks(cases: pd.DataFrame, remarks: dict[str, Remark]) -> pd.DataFrame:
    """The cases with `label_doubtful` and `note`."""
    said = [remarks.get(image_id, Remark()) for image_id in cases.index]
    return cases.assign(label_doubtful=[r.doubtful for r in said], note=[r.note for r in said])


def csv_button(run: RunDir, found: pd.DataFrame, remarks: dict[str, Remark]) -> None:
    """All images that match, in their order, as a table."""
    csv_download(with_remarks(found, remarks), f"{run.name}-images", "explore", disabled=found.empty)


def set_maker(run: RunDir, found: pd.DataFrame, sets: dict[str, TeachingSet]) -> None:
    """The form that makes a teaching set of the ticked images or of all that match, or adds them to one."""
    problems.said()
    ticked = selected(run)
    folded = st.expander("Make a teaching set", icon=":material/collections_bookmark:")
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
        place = resources.workspace()
        if into == _NEW:
            one = create_set(place, name, note, run.config().data, run, images)
        else:
            one = add_images(place, into, images)
        ticked.clear()
        problems.say_later(f"The teaching set “{one.name}” has {count(len(one.images), 'image')}.")
        st.rerun()
