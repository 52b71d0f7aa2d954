"""The table of all runs: searched, sorted, and refreshed while one of them is at work."""

import os
from typing import Any

import pandas as pd
import streamlit as st

from app.addresses.links import remember
from app.addresses.redraw import redraw_page
from app.components import problems
from app.components.figures import csv_download
from app.components.metric_places import SHORT_NAMES, metric_columns, metric_values
from app.components.pickers import STATE_WORDS
from app.loaders import run_rows
from pipeline.files.workspace import error_words
from pipeline.metrics.metric_registry import metrics_of
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED
from pipeline.shown import as_text

SPLIT_WORDS = {"lesion": "by lesion", "lesion-test": "by lesion, with a test part", "random": "image by image",
               "external": "none: a data set that judges"}
WEIGHTS_WORDS = {"imagenet": "ImageNet weights", "random": "Random weights"}
_SHOWN = [metric for metric in metrics_of("part") if metric.interval]
# what the address calls it: words, column, whether the greatest comes first
SORTS: dict[str, tuple[str, str, bool]] = {
    "newest": ("Newest first", "created", True),
    "oldest": ("Oldest first", "created", False),
    **{SHORT_NAMES.get(metric.key, metric.key): (f"Highest {metric.name} first", metric.key, True)
       for metric in _SHOWN},
    "name": ("By name", "title", False),
    "longest": ("Longest first", "seconds", True),
}
_ROW, _MOST_ROWS = 35, 10  # pixels; more rows scroll inside the table


def title_of(row: dict[str, Any]) -> str:
    """What people call the run: its name, with the id where they differ; the bundled one has no other than its title.
    """
    if row.get("kind") == "bundled":
        return row["name"]
    return f"{row['name']} ({row['run']})" if row["name"] else row["run"]


def start_of(row: dict[str, Any]) -> str | None:
    """What the run started from: RUN:STAGE, its initial weights, or the model that it evaluates; None where its
    configuration is damaged."""
    if row["evaluates"]:
        return f"evaluates {row['evaluates']}"
    return f"{row['parent']}:{row['parent_stage']}" if row["parent"] else WEIGHTS_WORDS.get(row["weights"])


def source_of(row: dict[str, Any]) -> str:
    """Where the run comes from, in a word."""
    kind = run_rows.capabilities_of(row).kind
    return "trained here" if kind == "training" else kind


def matches(row: dict[str, Any], search: str) -> bool:
    """Whether every word of `search` occurs in what the row says of its run."""
    said = " ".join(
        str(value) for value in (
            row["run"], source_of(row), row["name"], row["note"], STATE_WORDS[row["state"]], row["data"], row["preset"],
            row["arch"], SPLIT_WORDS.get(row["split"], row["split"]), start_of(row),
        )
    ).casefold()
    return all(word in said for word in search.casefold().split())


def ordered(rows: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """`rows` by one of SORTS; those that lack the value come last."""
    _, column, descending = SORTS[sort]
    values = [(title_of(row).casefold() if column == "title" else row[column], row) for row in rows]
    known = sorted((pair for pair in values if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in [*known, *(pair for pair in values if pair[0] is None)]]


def _search_and_sort() -> tuple[str, str]:
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    st.session_state["runs.search"] = st.query_params.get("search", "")
    search = left.text_input(
        "Search", key="runs.search", icon=":material/search:",
        placeholder="name, note, state, data set, preset, network, start or split",
        on_change=lambda: remember(search=st.session_state["runs.search"] or None),
    )
    asked = st.query_params.get("sort", "newest")
    if asked not in SORTS:
        st.warning(as_text(f"The address asks for the order {asked[:80]}, which does not exist. Shown: newest first."),
                   icon=":material/link_off:")
    st.session_state["runs.sort"] = asked if asked in SORTS else "newest"
    sort = right.selectbox("Order", list(SORTS), key="runs.sort", format_func=lambda s: SORTS[s][0],
                           on_change=lambda: remember(sort=st.session_state["runs.sort"]))
    return search, sort


def runs_table(runs: list[RunDir], rows: list[dict[str, Any]]) -> None:
    """Search box, order and table; asks the runs again every few seconds while one is at work."""
    search, sort = _search_and_sort()
    states = {row["run"]: row["state"] for row in rows}
    active = any(state not in ENDED for state in states.values())
    st.fragment(_table, run_every="3s" if active else None)(runs, states, search, sort)


def _table(runs: list[RunDir], drawn: dict[str, str], search: str, sort: str) -> None:
    with problems.in_words():
        rows = run_rows.run_rows([run for run in runs if os.path.lexists(run.status_path)])
        if {row["run"]: row["state"] for row in rows} != drawn:
            redraw_page()  # all of it: its other parts say the state too, and at the end polling has to stop
        shown = ordered([row for row in rows if matches(row, search)], sort)
        if not shown:
            st.info(as_text(f"No run matches “{search[:80]}”. {count(len(rows), 'run')} without the search."),
                    icon=":material/search_off:")
            return
        table = _displayed(shown)
        st.dataframe(
            table, hide_index=True, key="runs.table", placeholder="–", column_config=_columns(),
            width="stretch", height=_ROW * (min(len(shown), _MOST_ROWS) + 1) + 3, row_height=_ROW,
        )
        _caption(shown, len(rows))
        csv_download(table, "runs", "runs")


def _displayed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    several = any(run_rows.capabilities_of(row).kind != "training" for row in rows)
    source = {"source": [source_of(row) for row in rows]} if several else {}
    return pd.DataFrame(
        {
            "title": [title_of(row) for row in rows], "state": table["state"].map(STATE_WORDS), **source,
            **metric_values(_SHOWN, rows), "images": pd.to_numeric(table["images"]),
            "lesions": pd.to_numeric(table["lesions"]), "data": table["data"], "preset": table["preset"],
            "arch": table["arch"], "start": [start_of(row) for row in rows],
            "split": table["split"].map(lambda kind: SPLIT_WORDS.get(kind, kind)),
            "created": pd.to_datetime(table["created"].astype(float), unit="s", utc=True),
            "minutes": pd.to_numeric(table["seconds"]) / 60, "note": table["note"],
        }
    )


def _columns() -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    zone = st.context.timezone or "UTC"
    return {
        "title": text("Run", pinned=True, width="medium"), "state": text("State"),
        "source": text("Source", help="Bundled: it came with LesionLab. Trained here: in this workspace. "
                       "Evaluation: a model judged on a data set; nothing was trained."),
        **metric_columns(_SHOWN),
        "images": number("Images", format="localized", help="Validation images, of which the figures are."),
        "lesions": number("Lesions", format="localized", help="Lesions that the validation images show."),
        "data": text("Data set"), "preset": text("Preset"), "arch": text("Network"),
        "start": text("Starts from", help="The run and its stage whose weights it started from, as RUN:STAGE, or its "
                      "initial weights."),
        "split": text("Split"),
        "created": st.column_config.DatetimeColumn("Created", format="YYYY-MM-DD HH:mm", timezone=zone),
        "minutes": number("Minutes", format="%.1f", help="From the start to the end, evaluation included."),
        "note": text("Note"),
    }


def _caption(rows: list[dict[str, Any]], total: int) -> None:
    from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE

    sentences = [f"{len(rows)} of {count(total, 'run')}. Figures are of each run's own validation images."]
    if any(row["evaluates"] for row in rows):
        sentences.append("Those of an evaluation are of the images of its data set that its model was not trained on.")
    chose = sum(bool(row["chose_epoch"]) for row in rows)
    if chose:
        judged = sum(row["images"] is not None for row in rows)
        sentences.append(f"In {chose} of the {count(judged, 'evaluated run')}: {CHOSE_EPOCH_SENTENCE}")
    st.caption(" ".join(sentences))
    for row in rows:
        if row["error"] and "damaged" in row["error"]:
            st.caption(f":material/error: {as_text(error_words(row['error']))}")
