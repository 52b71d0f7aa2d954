"""Cached loaders of the page Runs: a row a run, epochs, and comparisons, each kept until one of its files changes."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.charts.curves import batches_table, epochs_table
from app.loaders import resources
from app.loaders.resources import Stamp, stamp
from pipeline.bundled import SIBLINGS
from pipeline.errors import LesionLabError
from pipeline.metrics.compare import Comparison, compare
from pipeline.metrics.network_size import NetworkSize, network_size
from pipeline.runs.events import read_events
from pipeline.runs.labels import label_path, read_label
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED
from pipeline.runs.summary import run_summary

_FOLDS = "by lesion, five folds"
_SUMMARY = ("run", "state", "seconds", "data", "preset", "arch", "split", "parent", "parent_stage", "evaluates",
            "error")
_CONFIG = ("loss", "seed", "data_hash", "limit", "weights", "epochs", "epochs_before")
_FIGURES = ("images", "lesions", "accuracy", "balanced_accuracy", "macro_auc")


def _read(run: RunDir) -> dict[str, Any]:
    """`run_summary` with label, times and the validation figures as flat columns; what a damaged file hides is None."""
    summary = run_summary(run)
    label = read_label(run)
    row = {key: summary[key] for key in _SUMMARY}
    row |= {"name": label.name, "note": label.note, "created": None, "chose_epoch": None, "stages": None,
            **dict.fromkeys(_CONFIG)}
    figures = summary["validation"] or (summary["evaluates"] and summary["test"]) or {}
    row |= {key: figures.get(key) for key in _FIGURES}
    row["bundled"] = run.bundled
    try:
        row["created"] = run.about().get("created")
        config = run.config()
        row |= {key: getattr(config, key) for key in _CONFIG}
        row["stages"] = tuple(stage.words for stage in config.stages)
        row["chose_epoch"] = ((run.results() or {}).get("validation") or {}).get("chose_epoch")
    except (LesionLabError, FileNotFoundError):
        pass  # the summary's error has the sentence already
    if run.bundled:
        row |= {"name": f"{SIBLINGS[0].upper()}{SIBLINGS[1:]}", "split": _FOLDS}
    return row


# a row of an ended run holds until one of these files changes; one at work depends on its process, so it is read anew
@st.cache_data(max_entries=512, show_spinner=False)
def _ended_row(stamps: tuple[Stamp, ...]) -> dict[str, Any]:
    return _read(RunDir(Path(stamps[0][0]).parent))


def run_row(run: RunDir) -> dict[str, Any]:
    """One row of the table of runs: run, bundled, name, note, state, created, seconds, config, validation figures,
    error.
    """
    stamps = tuple(map(stamp, (run.status_path, run.config_path, run.results_path, label_path(run))))
    row = _ended_row(stamps)
    return row if row["state"] in ENDED and row["state"] != "interrupted" else _read(run)


def run_rows(runs: list[RunDir]) -> list[dict[str, Any]]:
    return [run_row(run) for run in runs]


@st.cache_data(max_entries=64, show_spinner=False)
def _epochs(of: Stamp) -> pd.DataFrame:
    events = read_events(Path(of[0]))
    return epochs_table(events, batches_table(events))


def epochs(run: RunDir) -> pd.DataFrame:
    """The run's `epochs_table`; empty before the first epoch."""
    return _epochs(stamp(run.events_path))


@st.cache_resource(max_entries=32, show_spinner=False)
def _comparison(stamps: tuple[tuple[Stamp, Stamp], ...]) -> Comparison:
    runs = [RunDir(Path(predictions[0]).parent) for predictions, _ in stamps]
    tables, trained = {}, {}
    for run in runs:
        table = resources.predictions(run)
        tables[run.name] = table if run.evaluation() else table[table["part"] == "validation"]
        if run.split_path.exists():
            split = run.split()
            trained[run.name] = set(split.loc[split["part"] == "train", "lesion_id"])
    return compare(tables, trained)


def comparison(runs: list[RunDir]) -> Comparison:
    """The runs on the validation images that they share; shared between sessions, so not to be changed.

    Raises:
        RunError: fewer than two runs, or one without predictions.
        DataError: a table of predictions cannot be used.
    """
    return _comparison(tuple((stamp(run.predictions_path), stamp(run.split_path)) for run in runs))


@st.cache_data(max_entries=64, show_spinner=False)
def _size(of: Stamp) -> NetworkSize | None:
    return network_size(Path(of[0]))


def size(run: RunDir) -> NetworkSize | None:
    """Parameters and bytes of the run's network; None where it has no model.

    Raises:
        ModelError: its weights are damaged.
    """
    return _size(stamp(run.model / "model.safetensors"))
