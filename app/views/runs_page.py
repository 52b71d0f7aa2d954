"""Runs: all of them in a table, their family trees, chosen ones compared, and what can be done with one."""

from collections.abc import Collection
from typing import Any

import streamlit as st

from app.access import Right, may, not_offered
from app.addresses.links import remember
from app.addresses.visits import of_earlier_visit
from app.charts.comparison import MOST_RUNS
from app.components import problems
from app.components.run_page import folds_note
from app.components.runs.lineage_tree import branches_of, lineage_tree
from app.components.runs.run_actions import deleted_list, just_deleted, run_actions
from app.components.runs.run_comparison import curves, shared_images
from app.components.runs.runs_table import runs_table, title_of
from app.components.train_way import train_way
from app.loaders import resources, run_rows
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_CHOSEN = "runs.chosen"


def _nothing_yet() -> None:
    _chosen_in_address([])
    st.markdown(
        "Every training run is listed here with its figures. Two or more can be laid over each other and compared on "
        "the validation images that they share. None has been started yet."
    )
    train_way()


def _without_earlier(runs: list[RunDir]) -> list[RunDir]:
    """The runs without those of earlier visits, unless the visitor asks for these, or the address for one of them."""
    earlier = {run.name for run in runs if of_earlier_visit(run)} - {*st.query_params.get("runs", "").split(",")}
    if not earlier or st.toggle(f"With {count(len(earlier), 'run')} of earlier visits", key="runs.earlier"):
        return runs
    return [run for run in runs if run.name not in earlier]


def _chosen_in_address(known: list[str]) -> list[str]:
    """The address's `runs`, as far as they are there; says what is not."""
    asked = list(dict.fromkeys(name for name in st.query_params.get("runs", "").split(",") if name))
    gone = [name for name in asked if name not in known]
    here = [name for name in asked if name in known]
    if gone:
        noun = "the run" if len(gone) == 1 else "the runs"
        verb = "is" if len(gone) == 1 else "are"
        st.warning(as_text(f"The address names {noun} {', '.join(name[:80] for name in gone[:5])}, which {verb} not "
                           "here (any more)."), icon=":material/link_off:")
    if len(here) > MOST_RUNS:
        st.warning(f"The address names {len(here)} runs; the first {MOST_RUNS} are shown.", icon=":material/link_off:")
    return here[:MOST_RUNS]


def _remember_chosen(known: Collection[str]) -> None:
    remember(runs=",".join(name for name in st.session_state[_CHOSEN] if name in known) or None)


def _choose(rows: list[dict[str, Any]]) -> list[str]:
    by_name = {row["run"]: row for row in rows}
    st.session_state[_CHOSEN] = _chosen_in_address(list(by_name))
    chosen = st.multiselect(
        "Runs to look at or compare", list(by_name), key=_CHOSEN, max_selections=MOST_RUNS,
        format_func=lambda name: title_of(by_name[name]), placeholder="Choose one, or two and more to compare",
        on_change=_remember_chosen, args=(by_name,),
    )
    judged = [row["run"] for row in rows if row["images"] is not None][:2]
    if not chosen and len(judged) == 2:
        st.button("Compare the two newest evaluated runs", key="runs.newest", icon=":material/compare_arrows:",
                  on_click=lambda: remember(runs=",".join(judged)))
    return chosen


def _chosen_runs(chosen: list[RunDir], rows: list[dict[str, Any]], every: list[dict[str, Any]]) -> None:
    for row, run in zip(rows, chosen, strict=True):
        if run_rows.capabilities_of(row).has_folds:
            folds_note(run.capabilities())
    with problems.in_words():
        curves(chosen, rows)
    with problems.in_words():
        if len(chosen) > 1:
            shared_images(chosen, rows)
        else:
            st.caption("Choose another run above to compare the two on the validation images that they share.")
    fixed = len(chosen) == 1 and run_rows.capabilities_of(rows[0]).read_only
    st.subheader(f"Go on from {'it' if len(chosen) == 1 else 'a run'}"
                 + ("" if fixed or not may(Right.NAME) else ", name it, delete it"))
    names = {row["run"]: title_of(row) for row in rows}
    if len(chosen) > 1:
        name = st.selectbox("Which run", list(names), format_func=names.get, key="runs.which." + ".".join(names))
    else:
        name = chosen[0].name
    place = list(names).index(name)
    run_actions(rows[place], chosen[place], branches_of(name, every))


def main() -> None:
    problems.said()
    st.title("Runs")
    not_offered(Right.DELETE, "Naming, deleting and restoring runs")
    just_deleted()
    runs = _without_earlier(resources.all_runs())
    if not runs:
        _nothing_yet()
    else:
        rows = run_rows.run_rows(runs)
        runs_table(runs, rows)
        lineage_tree(runs, rows)
        names = _choose(rows)
        if names:
            by_name = {run.name: (run, row) for run, row in zip(runs, rows, strict=True)}
            _chosen_runs([by_name[name][0] for name in names], [by_name[name][1] for name in names], rows)
    deleted_list()


main()
