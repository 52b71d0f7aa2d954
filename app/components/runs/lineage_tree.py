"""Where runs start from: the family trees of runs, as an indented list whose entries choose a run."""

from typing import Any, NamedTuple

import streamlit as st

from app.addresses.links import remember
from app.charts.comparison import MOST_RUNS
from app.components.pickers import STATE_WORDS
from app.components.runs.runs_table import WEIGHTS_WORDS, title_of
from app.loaders import resources
from pipeline.number_words import count, percent
from pipeline.runs.labels import deleted_runs
from pipeline.runs.lineage import lineage
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_STEP, _DEEPEST = 24, 5  # pixels of one level; deeper ones stand below each other, or a phone shows a column of letters
_OPEN_UP_TO = 12  # runs; more are folded


class Entry(NamedTuple):
    """A run of the tree with its row of `run_rows` and its `depth`, 0 for a root."""

    run: RunDir
    row: dict[str, Any]
    depth: int


def families(runs: list[RunDir], rows: list[dict[str, Any]]) -> list[list[Entry]]:
    """The family trees of more than one run, and runs whose parent is gone; each in reading order, the root first."""
    by_name = {row["run"]: row for row in rows}
    trees: list[list[Entry]] = []
    for run, depth in lineage(runs):
        if depth == 0:
            trees.append([])
        trees[-1].append(Entry(run, by_name[run.name], depth))
    return [tree for tree in trees if len(tree) > 1 or tree[0].row["parent"]]


def branches_of(name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the runs that started from a stage of the run `name`."""
    return [row for row in rows if row["parent"] == name]


def lineage_tree(runs: list[RunDir], rows: list[dict[str, Any]]) -> None:
    """The trees, where there is one; a click on an entry chooses its run."""
    trees = families(runs, rows)
    if not trees:
        return
    here = {run.name for run in runs}
    deleted = {run.name for run in deleted_runs(resources.workspace())}
    entries = sum(map(len, trees))
    with st.expander("Where runs start from", icon=":material/account_tree:", expanded=entries <= _OPEN_UP_TO):
        st.caption("A run stands below the one whose weights it started from. Click on one to choose it.")
        for tree in trees:
            _family(tree, here, deleted)


def _family(tree: list[Entry], here: set[str], deleted: set[str]) -> None:
    with st.container(border=True):
        for entry in tree:
            _entry(entry, here, deleted)
        judged = [entry.row["run"] for entry in tree if entry.row["images"] is not None][:MOST_RUNS]
        if len(judged) > 1:
            st.button("Compare these", key=f"lineage.compare.{tree[0].run.name}", icon=":material/compare_arrows:",
                      on_click=lambda: remember(runs=",".join(judged)),
                      help=f"The evaluated runs of this family, the first {MOST_RUNS} of them.")


def _entry(entry: Entry, here: set[str], deleted: set[str]) -> None:
    name = entry.run.name
    with st.container(horizontal=True, gap=None):
        if entry.depth:
            st.space(_STEP * min(entry.depth, _DEEPEST))
        with st.container(gap=None):
            st.button(
                as_text(title_of(entry.row)), key=f"lineage.{name}", type="tertiary",
                icon=":material/subdirectory_arrow_right:" if entry.depth else ":material/account_tree:",
                on_click=lambda: remember(runs=name), help="Choose this run",
            )
            st.caption(f"{'; '.join(origin_words(entry, here, deleted))}  \n{_figures(entry.row)}")


def origin_words(entry: Entry, here: set[str], deleted: set[str]) -> list[str]:
    """What the run starts from, then its stages."""
    row, parent = entry.row, entry.row["parent"]
    if row["stages"] is None:
        return ["Its configuration is damaged"]
    if parent is None:
        start = WEIGHTS_WORDS[row["weights"]]
    else:
        start = f"From {as_text(parent)}, after stage {as_text(row['parent_stage'])}"
        if parent not in here:
            start += ", a run that was deleted" + (" and can be restored" if parent in deleted else "")
    return [start, *(f"stage {n}: {as_text(words)}" for n, words in enumerate(row["stages"], start=1))]


def _figures(row: dict[str, Any]) -> str:
    if row["images"] is None:
        return STATE_WORDS[row["state"]]
    return (f"Balanced accuracy {percent(row['balanced_accuracy'])}, accuracy {percent(row['accuracy'])} on "
            f"{count(row['images'], 'validation image')}")
