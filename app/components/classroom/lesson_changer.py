"""Other pictures in a lesson: one is taken out, swapped for another of its stratum, or replaced by one of one's choice.
"""

import secrets
from collections.abc import Callable

import streamlit as st

from app.access import Right, require
from app.components import problems
from app.components.long_work import progress_bar
from app.loaders import resources
from app.words.spoken import say
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.lesson_candidates import Candidates
from pipeline.classroom.lesson_changes import take_out
from pipeline.classroom.lesson_drawing import choose_item, swap_item
from pipeline.classroom.lesson_files import save_lesson
from pipeline.classroom.lesson_pool import Pool, pool_of
from pipeline.runs.run_dir import find_run
from pipeline.shown import as_text
from pipeline.vocabulary import FORMS, Form

_SEEDS = 1_000_000


def lesson_changer(lesson: Lesson) -> None:
    """Draws the choice of a picture, and what can be done with it."""
    forms = [form for form in FORMS if form in lesson.forms]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form: Form = st.selectbox(say("Form"), forms, key="teach.change.form", width=120) if len(forms) > 1 else "A"
        place = st.selectbox(say("Picture"), range(1, len(lesson.items(form)) + 1), key="teach.change.place", width=120)
        out = st.button(say("Take it out"), key="teach.take_out", icon=":material/remove_circle:")
        swapped = st.button(say("Swap it"), key="teach.swap", icon=":material/swap_horiz:",
                            help=say("Another picture that fits as well, by chance."))
    with st.form("teach.choose", border=False):
        image_id = st.text_input(say("Image id of a picture that you choose"), key="teach.choose.image",
                                 help=say("As Errors shows it. Chosen by hand, it may be one of the highest losses, "
                                          "among which wrong labels collect."))
        chosen = st.form_submit_button(say("Put it in its place"), icon=":material/push_pin:")
    st.caption(say("Form {form}, picture {place}: {image}", form=as_text(form), place=int(place),
                   image=as_text(lesson.items(form)[place - 1].image_id)))
    if out:
        _change(lambda: take_out(lesson, form, place - 1))
    elif swapped:
        _change(lambda: swap_item(lesson, Candidates(_pool(lesson), lesson.kind, lesson.asks), form, place - 1,
                                  secrets.randbelow(_SEEDS)))
    elif chosen:
        _change(lambda: choose_item(lesson, _pool(lesson), form, place - 1, image_id.strip()))


def _pool(lesson: Lesson) -> Pool:
    """What the lesson was drawn from.

    Raises:
        LesionLabError: its run is not here, or its images.
    """
    workspace = resources.workspace()
    with progress_bar(say("Looks through the answers and pictures"), "teach.pool") as progress:
        return pool_of(workspace, find_run(workspace, lesson.run), lesson.decision, progress)


def _change(make: Callable[[], Lesson]) -> None:
    """Stores the lesson that `make` gives; what is wrong is said."""
    with problems.in_words():
        require(Right.TEACH, "changes lessons")
        save_lesson(resources.workspace(), make())
        st.rerun()
