"""What the educator notes about an image, whether its label is doubtful, and the teaching sets that it is put into."""

import streamlit as st

from app.components import problems
from app.loaders import resources
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import LONGEST_NAME, LONGEST_NOTE, Remark, TeachingSet, add_images, create_set, write_remark
from pipeline.shown import as_text

_NEW = ""


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
                write_remark(resources.workspace(), run.config().data, image_id, Remark(note, doubtful))
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
                place = resources.workspace()
                if into == _NEW:
                    one = create_set(place, name, "", run.config().data, run, [image_id])
                else:
                    one = add_images(place, into, [image_id])
                problems.say_later(f"The teaching set “{one.name}” has {count(len(one.images), 'image')}.")
                st.rerun()
