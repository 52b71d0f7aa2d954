"""A teaching set as a class goes through it: one image at a time, its answer hidden until somebody asks."""

import streamlit as st

from app.addresses.links import ERRORS, explore_link, go, linked
from app.components import problems
from app.components.cases.lesson_image import lesson
from app.components.one_lesion import is_answered
from app.loaders import case_tables, resources
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import Remark, TeachingSet, read_remarks, taught_data
from pipeline.shown import as_lines, as_text


def _nothing(*found: str | None) -> None:
    st.title("Lesson")
    for problem in filter(None, found):
        st.warning(as_text(problem), icon=":material/link_off:")
    st.markdown("A teaching set stands here, one image at a time: first the picture, then what it is and what the "
                "network said.")
    if st.button("Teaching sets", type="primary", key="to_sets", icon=":material/collections_bookmark:"):
        go(ERRORS, view="sets")


def _heading(run: RunDir, one: TeachingSet) -> None:
    """The set's name and note may tell the answer, so they wait until it is asked for."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("What do you see?", width="content")
        st.page_link(ERRORS, label="Teaching sets", icon=":material/collections_bookmark:",
                     query_params=explore_link(run.name) | {"view": "sets"})
    if is_answered():
        st.markdown(f"**{as_text(one.name)}**" + (f"  \n{as_lines(one.note)}" if one.note else ""))


def main() -> None:
    runs = {run.name: run for run in resources.runs() if run.predictions_path.exists()}
    named = linked("run", runs)
    if named.value is None:
        _nothing(named.problem)
        return
    run = runs[named.value]
    with problems.in_words():
        sets = case_tables.sets_of(run)
        asked = linked("set", sets)
        if asked.value is None:
            _nothing(asked.problem)
            return
        one = sets[asked.value]
        image = linked("image", one.images)
        _heading(run, one)
        if image.problem:
            st.warning(as_text(image.problem), icon=":material/link_off:")
        here = image.value or one.images[0]
        remark = read_remarks(resources.workspace(), taught_data(run)).get(here, Remark())
        lesson(run, one, here, case_tables.cases(run), remark)


main()
