"""What can be done with one model: classify with it, see its run, name and describe it, delete it; and the way back."""

import streamlit as st

from app import resources
from app.components import problems
from app.links import CLASSIFY, ERRORS, EVALUATE_ON, RUNS, go, remember
from app.wording import as_text, count
from pipeline.bundled import RUN_NAME
from pipeline.inference.model_info import ModelInfo
from pipeline.inference.model_shelf import (
    delete_model,
    deleted_models,
    label_model,
    model_label,
    restore_model,
    run_of,
    title_of,
)
from pipeline.jobs.shelf import LONGEST_NAME, LONGEST_NOTE

_DELETED = "models.just_deleted"


def just_deleted() -> None:
    """Says that a model was deleted and offers the way back, until another action or a click on it."""
    name = st.session_state.get(_DELETED)
    if name is None:
        return
    if name not in [info.name for info in deleted_models(resources.workspace())]:
        del st.session_state[_DELETED]
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/delete: The model **{name}** is deleted.", width="content")
        if st.button("Undo", key="models.undo", icon=":material/undo:"):
            _restore(name)


def _restore(name: str) -> None:
    with problems.in_words():
        restore_model(resources.workspace(), name)
        st.session_state.pop(_DELETED, None)
        problems.say_later(f"The model {name} is back.")
        remember(model=name)
        st.rerun()


def ways_on(info: ModelInfo) -> None:
    """Buttons to the pages that use the model, and its deletion; the bundled one stays."""
    workspace = resources.workspace()
    run = run_of(workspace, info)
    with st.container(horizontal=True):
        if st.button("Classify with it", type="primary", key="models.classify", icon=":material/image_search:"):
            go(CLASSIFY, model=info.name)
        if st.button("Judge it on a data set", key="models.evaluate_on", icon=":material/fact_check:"):
            go(EVALUATE_ON, model=info.name)
        if run and st.button("Its run", key="models.run", icon=":material/table_rows:"):
            go(RUNS, runs=run.name)
        if info.bundled:
            if st.button("Errors of its siblings", key="models.errors", icon=":material/grid_on:"):
                go(ERRORS, run=RUN_NAME)
        elif run:
            st.button("Delete", disabled=True, key="models.delete.closed", icon=":material/delete:",
                      help="A run's own model is deleted with its run, on the page Runs.")
        else:
            _delete(info)


def _delete(info: ModelInfo) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(as_text(f"Delete **{title_of(info)}**? It can be restored under “Deleted models” on this page."))
        if st.button(f"Delete {info.name}", type="primary", key=f"models.delete.{info.name}"):
            with problems.in_words():
                delete_model(resources.workspace(), info.name)
                st.session_state[_DELETED] = info.name
                remember(model=None)
                st.rerun()


def label_form(info: ModelInfo) -> None:
    """Title and description, which stand in the list, on the card and in a bundle."""
    label = model_label(info)
    with st.form(f"model.label.{info.name}", border=True):
        title = st.text_input("Title", label.name, max_chars=LONGEST_NAME, key=f"model.{info.name}.title",
                              placeholder=info.name, help=f"Commands know the model as {info.name}, which stays.")
        description = st.text_area("Description", label.note, max_chars=LONGEST_NOTE, height=100,
                                   key=f"model.{info.name}.description", placeholder="What it is for and what not")
        sent = st.form_submit_button("Save title and description", icon=":material/save:")
    if sent:
        with problems.in_words():
            label_model(resources.workspace(), info.name, title, description)
            problems.say_later(f"Title and description of the model {info.name} are saved.")
            st.rerun()


def deleted_list() -> None:
    """The deleted models, each with a button that restores it."""
    gone = deleted_models(resources.workspace())
    if not gone:
        return
    with st.expander(f"Deleted models ({len(gone)})", icon=":material/delete:"):
        st.caption(as_text(f"{count(len(gone), 'model')} in {resources.workspace().bin / 'models'}. The disk space is "
                           "free once that folder's content is removed by hand."))
        for info in gone:
            words, button = st.columns([4, 1], vertical_alignment="center")
            words.markdown(as_text(title_of(info)))
            if button.button("Restore", key=f"models.restore.{info.name}", icon=":material/undo:",
                             help=f"Restore {info.name}"):
                _restore(info.name)
