"""What can be done with one model: judge it, see its run, name and describe it, delete it; and the way back."""

import streamlit as st

from app.access import Right, may, require
from app.addresses.links import ERRORS, EVALUATE_ON, RUNS, go, remember
from app.components import deleted, problems
from app.components.deleted import Deleted, say_deleted
from app.loaders import resources
from pipeline.files.workspace import RUN_NAME
from pipeline.models.library import (
    delete_model,
    deleted_models,
    label_model,
    model_label,
    restore_model,
    run_of,
    title_of,
)
from pipeline.models.model_info import ModelInfo
from pipeline.runs.labels import LONGEST_NAME, LONGEST_NOTE
from pipeline.shown import as_text


def _restore(name: str) -> None:
    restore_model(resources.workspace(), name)
    remember(model=name)


_KIND = Deleted("model", "models", _restore)


def just_deleted() -> None:
    """Says that a model was deleted and offers the way back."""
    deleted.just_deleted(_KIND, lambda: [info.name for info in deleted_models(resources.workspace())])


def ways_on(info: ModelInfo) -> None:
    """Buttons to the pages that use the model, and its deletion; the bundled one stays."""
    workspace = resources.workspace()
    run = run_of(workspace, info)
    with st.container(horizontal=True):
        if st.button("Judge it on a data set", key="models.evaluate_on", icon=":material/fact_check:"):
            go(EVALUATE_ON, model=info.name)
        if run and st.button("Its run", key="models.run", icon=":material/table_rows:"):
            go(RUNS, runs=run.name)
        if info.read_only:
            whose = "networks" if info.folds else "siblings"
            if st.button(f"Errors of its {whose}", key="models.errors", icon=":material/grid_on:"):
                go(ERRORS, run=RUN_NAME)
        elif not may(Right.DELETE):
            return
        elif run:
            st.button("Delete", disabled=True, key="models.delete.closed", icon=":material/delete:",
                      help="A run's own model is deleted with its run, on the page Runs.")
        else:
            _delete(info)


def _delete(info: ModelInfo) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete **{as_text(title_of(info))}**? It can be restored under “Deleted models” on this page.")
        if st.button(f"Delete {as_text(info.name)}", type="primary", key=f"models.delete.{info.name}"):
            with problems.in_words():
                require(Right.DELETE, "deletes models")
                delete_model(resources.workspace(), info.name)
                say_deleted(_KIND, info.name)
                remember(model=None)
                st.rerun()


def label_form(info: ModelInfo) -> None:
    """Title and description, which stand in the list, on the card and in a bundle; for whoever runs the server."""
    if not may(Right.NAME):
        return
    label = model_label(info)
    with st.form(f"model.label.{info.name}", border=True):
        title = st.text_input("Title", label.name, max_chars=LONGEST_NAME, key=f"model.{info.name}.title",
                              placeholder=info.name,
                              help=f"Commands know the model as {as_text(info.name)}, which stays.")
        description = st.text_area("Description", label.note, max_chars=LONGEST_NOTE, height=100,
                                   key=f"model.{info.name}.description", placeholder="What it is for and what not")
        sent = st.form_submit_button("Save title and description", icon=":material/save:")
    if sent:
        with problems.in_words():
            require(Right.NAME, "renames models")
            label_model(resources.workspace(), info.name, title, description)
            problems.say_later(f"Title and description of the model {info.name} are saved.")
            st.rerun()


def deleted_list() -> None:
    """The deleted models, each with a button that restores it."""
    titles = {info.name: title_of(info) for info in deleted_models(resources.workspace())}
    deleted.deleted_list(_KIND, titles, str(resources.workspace().bin / "models"), "models.restore")
