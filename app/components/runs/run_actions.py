"""What can be done with one run: open its results, name it, note something, delete it; and the way back."""

from typing import Any

import streamlit as st

from app.access import Right, may, require
from app.addresses.links import CLASSIFY, ERRORS, RATES, TRAIN, go, remember
from app.components import deleted, problems
from app.components.deleted import Deleted, say_deleted
from app.components.run_page import classify_with_it
from app.components.runs.runs_table import title_of
from app.loaders import resources, run_rows
from app.words import first_bundled_words
from pipeline.files.workspace import error_words
from pipeline.runs.labels import (
    LONGEST_NAME,
    LONGEST_NOTE,
    delete_run,
    deleted_runs,
    label_run,
    read_label,
    restore_run,
)
from pipeline.runs.lineage import kept_stages
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED
from pipeline.shown import as_text


def _restore(name: str) -> None:
    restore_run(resources.workspace(), name)


_THEIR_MODEL = "Its networks are the bundled model. No other run can start from it."
_KIND = Deleted("run", "runs", _restore)


def just_deleted() -> None:
    """Says that a run was deleted and offers the way back."""
    deleted.just_deleted(_KIND, lambda: [run.name for run in deleted_runs(resources.workspace())])


def run_actions(row: dict[str, Any], run: RunDir, branches: list[dict[str, Any]]) -> None:
    """Ways on from the run and from its stages, its name and note, and its deletion.

    Args:
        branches: the rows of the runs that started from it.
    """
    name = run.name
    if run_rows.capabilities_of(row).read_only:
        _bundled_actions(run)
        return
    with st.container(horizontal=True):
        if row["images"] is not None and st.button("Study its errors", key="runs.results", icon=":material/grid_on:"):
            go(ERRORS, run=name)
        if run.model.exists() and st.button("Classify images with it", key="runs.classify",
                                            icon=":material/image_search:"):
            go(CLASSIFY, model=name)
        watch = "Its curves and epochs" if row["state"] in ENDED else "Watch it"
        if st.button(watch, key="runs.watch", icon=":material/show_chart:"):
            go(TRAIN, run=name)
        _delete(row, name, branches)
    if row["error"]:
        st.caption(as_text(error_words(row["error"])))
    if row["stages"] and may(Right.TRAIN):
        _stages(row, run)
    _label_form(row, name)


def _bundled_actions(run: RunDir) -> None:
    here = run.capabilities().has_what_if
    with st.container(horizontal=True):
        if st.button("Study its errors", key="runs.results", icon=":material/grid_on:"):
            go(ERRORS, run=run.name)
        classify_with_it()
    whose = _THEIR_MODEL if here else first_bundled_words.NO_MODEL
    st.caption(f"{whose} It came with LesionLab, so it can be neither named nor deleted.")


def _stages(row: dict[str, Any], run: RunDir) -> None:
    """Each stage with ways to restore the weights of its end and go on from there."""
    kept = kept_stages(run)
    if not kept:
        st.caption("The weights at the end of its stages are not kept, so no other run can start from one."
                   if row["state"] in ENDED else "Once a stage is over, another run can start from its weights.")
        return
    for n in kept:
        start = f"{run.name}:{n}"
        with st.container(border=True):
            st.markdown(f"**After stage {n}** ({as_text(row['stages'][n - 1])})")
            with st.container(horizontal=True):
                if st.button(f"Restore stage {n} and train on", key=f"branch.{start}", icon=":material/alt_route:",
                             help="Opens the form of a new run that starts from these weights, for example with "
                             "another learning rate. This run stays as it is."):
                    go(TRAIN, start=start)
                if st.button("Search the learning rate from here", key=f"rates.{start}",
                             icon=":material/search_insights:"):
                    go(RATES, start=start)


def _label_form(row: dict[str, Any], name: str) -> None:
    if not may(Right.NAME):
        return
    with st.form(f"label.{name}", border=True):
        label = st.text_input("Name", row["name"], max_chars=LONGEST_NAME, key=f"label.{name}.name", placeholder=name,
                              help=f"Shown with the run's id, which stays {as_text(name)}.")
        note = st.text_area("Note", row["note"], max_chars=LONGEST_NOTE, key=f"label.{name}.note", height=100,
                            placeholder="What you tried, what you saw")
        sent = st.form_submit_button("Save name and note", icon=":material/save:")
    if sent:
        with problems.in_words():
            require(Right.NAME, "renames runs")
            label_run(resources.workspace(), name, label, note)
            problems.say_later(f"Name and note of the run {name} are saved.")
            st.rerun()


def _delete(row: dict[str, Any], name: str, branches: list[dict[str, Any]]) -> None:
    if not may(Right.DELETE):
        return
    if row["state"] not in ENDED:
        st.button("Delete", disabled=True, key="runs.delete.closed", icon=":material/delete:",
                  help="A run at work cannot be deleted. Stop it first, on the page Train.")
        return
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete **{as_text(title_of(row))}**, its curves, its results and its model? It can be restored "
                    "under “Deleted runs” on this page.")
        if branches:
            st.markdown(as_text(branches_kept(branches)))
        if st.button(f"Delete {as_text(name)}", type="primary", key=f"delete.{name}"):
            with problems.in_words():
                require(Right.DELETE, "deletes runs")
                delete_run(resources.workspace(), name)
                say_deleted(_KIND, name)
                chosen = [run for run in st.query_params.get("runs", "").split(",") if run and run != name]
                remember(runs=",".join(chosen) or None)
                st.rerun()


def branches_kept(branches: list[dict[str, Any]]) -> str:
    """What the deletion of a run means for those that started from it."""
    names = ", ".join(title_of(row) for row in branches)
    if len(branches) == 1:
        return f"The run {names} started from it. It keeps working: it has weights of its own."
    return f"{len(branches)} runs started from it: {names}. They keep working: they have weights of their own."


def deleted_list() -> None:
    """The deleted runs, each with a button that restores it."""
    titles = {run.name: title_of({"run": run.name, "name": read_label(run).name})
              for run in deleted_runs(resources.workspace())}
    deleted.deleted_list(_KIND, titles, f"{resources.workspace().bin / 'runs'}, with everything in it", "restore")
