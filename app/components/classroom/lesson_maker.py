"""The ways to another lesson: a ready one, one that is drawn, or one of a teaching set; each of a run's own answers."""

import secrets
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from app.access import Right, require
from app.addresses.links import DATASET, TEACH, go, linked
from app.components import problems
from app.components.classroom.lesson_facts import ASKS_WORDS, KIND_WORDS
from app.components.classroom.pack_offer import pack_offer
from app.components.long_work import progress_bar
from app.loaders import case_tables, resources
from app.loaders.run_data import found_data
from app.words.spoken import say, say_count
from pipeline.classroom.lesson import Lesson
from pipeline.classroom.lesson_candidates import Candidates
from pipeline.classroom.lesson_drawing import COLLECTION_ITEMS, draw_lesson, lesson_of_set, minutes_of
from pipeline.classroom.lesson_files import save_lesson
from pipeline.classroom.lesson_pool import Pool, pool_of
from pipeline.classroom.lesson_strata import ITEMS, Items
from pipeline.classroom.lesson_words import DRAWN, OWN_MIX, READY, About
from pipeline.classroom.ready_lessons import READY_LESSONS, draw_ready
from pipeline.runs.run_dir import RunDir
from pipeline.runs.teaching import find_set
from pipeline.shown import as_text
from pipeline.vocabulary import Asked, Decision, LessonKind, ReadyLesson

_SEEDS = 1_000_000
_READY_ITEMS = 12


def lesson_maker() -> None:
    """Draws the choice of a run, and below it the ways; an address that names one of them finds it open. Before that,
    the pack of images where the model in the box has none.
    """
    pack_offer()
    judged = [run for run in resources.runs() if run.predictions_path.exists() and found_data(run).dataset is not None]
    judged.sort(key=lambda run: -run.predictions_path.stat().st_size)  # first that of most images
    runs = {run.name: run for run in judged}
    if not runs:
        st.info(say("Lessons are drawn from images that a run judged, and no such images are here."),
                icon=":material/image_not_supported:")
        st.page_link(DATASET, label=say("Get images"), icon=":material/download:", query_params={"view": "get"})
        return
    asked, ready, of_set = linked("run", runs), st.query_params.get("ready"), "set" in st.query_params
    if asked.problem:
        st.warning(as_text(asked.problem), icon=":material/link_off:")
    names = list(runs)
    run = runs[st.selectbox(say("Drawn from the answers of"), names, index=names.index(asked.value or names[0]),
                            key="teach.run", format_func=lambda name: _collection(runs[name]))]
    with st.expander(say("Ready lessons"), icon=":material/school:", expanded=not of_set):
        for name in sorted(READY_LESSONS, key=lambda one: one != ready):
            _ready(run, name)
    with st.expander(say("Have one drawn"), icon=":material/casino:"):
        _drawn(run)
    with st.expander(say("Of a teaching set"), icon=":material/collections_bookmark:", expanded=of_set):
        _of_set(run)


def _collection(run: RunDir) -> str:
    dataset = found_data(run).dataset
    return f"{case_tables.name_of(run)} · {dataset.name if dataset else ''}"


def _make(run: RunDir, decision: Decision, make: Callable[[Pool], Lesson]) -> None:
    """Draws, stores and shows a lesson; what is wrong is said."""
    with problems.in_words():
        require(Right.TEACH, "draws lessons")
        with progress_bar(say("Looks through the answers and pictures"), "teach.pool") as progress:
            pool = pool_of(resources.workspace(), run, decision, progress)
        go(TEACH, lesson=save_lesson(resources.workspace(), make(pool)).id)


def _said(about: About) -> About:
    """The words of a lesson in the language in which it is prepared."""
    return About(say(about.title), say(about.aim), tuple(say(question) for question in about.questions))


def _worded(lesson: Lesson, about: About) -> Lesson:
    return replace(lesson, title=about.title, aim=about.aim, questions=about.questions)


def _ready(run: RunDir, name: ReadyLesson) -> None:
    about = _said(READY[name])
    minutes = say_count("{number} minute", "{number} minutes", minutes_of(_READY_ITEMS))
    st.markdown(f"**{as_text(about.title)}** · {minutes}")
    st.markdown(as_text(about.aim))
    if st.button(say("Draw it"), key=f"teach.ready.{name}", icon=":material/casino:"):
        _make(run, "balanced", lambda pool: _worded(draw_ready(name, pool, secrets.randbelow(_SEEDS)), about))


def _asked(key: str) -> Asked:
    words = {one: say(text) for one, text in ASKS_WORDS.items()}
    return st.radio(say("What is asked"), list(words), key=key, format_func=words.get)


def _drawn(run: RunDir) -> None:
    kinds = {one: say(text) for one, text in KIND_WORDS.items()}
    kind: LessonKind = st.radio(say("Kind"), list(kinds), key="teach.kind", format_func=kinds.get,
                                help=say("About the model: chosen by where it errs. A test: drawn without looking at "
                                         "it, so that class and model can be compared."))
    items: Items = st.selectbox(say("Pictures in a form"), ITEMS, index=1, key="teach.items", width=240,
                                help=say("4 for a stand, 12 for a lesson, 30 for a test"))
    asks = _asked("teach.asks")
    own_mix = kind == "test" and items == COLLECTION_ITEMS and st.toggle(
        say("At the collection's own mix"), key="teach.own_mix",
        help=say("Practice on many malignant lesions makes one call too much malignant; here most are benign."))
    if st.button(say("Draw a lesson"), key="teach.draw", icon=":material/casino:"):
        about = _said(OWN_MIX if own_mix else DRAWN[kind])
        _make(run, "as-data" if own_mix else "balanced", lambda pool: draw_lesson(
            Candidates(pool, kind, asks), about, items, secrets.randbelow(_SEEDS), own_mix=own_mix))


def _of_set(run: RunDir) -> None:
    sets = case_tables.sets_of(run)
    if not sets:
        st.markdown(say("No teaching set of these images is here. The page Errors makes them."))
        return
    names, asked = list(sets), linked("set", sets)
    if asked.problem:
        st.warning(as_text(asked.problem), icon=":material/link_off:")
    chosen = st.selectbox(say("Teaching set"), names, index=names.index(asked.value or names[0]),
                          key="teach.set", format_func=lambda name: sets[name].name)
    asks = _asked("teach.set.asks")
    if st.button(say("Make a lesson of it"), key="teach.of_set", icon=":material/bookmark_add:"):
        _make(run, "balanced", lambda pool: lesson_of_set(find_set(resources.workspace(), chosen), pool, asks))
