"""Cached loaders of the page Runs: a row a run, epochs, and comparisons, each kept until one of its files changes."""

from pathlib import Path
from typing import Any

import pandas as pd

from app.charts.curves import batches_table, epochs_table
from app.loaders import resources
from app.loaders.file_cache import kept
from app.loaders.run_data import compared_rows
from app.words.run_titles import bundled_title
from pipeline.errors import LesionLabError
from pipeline.metrics.compare import Comparison, compare
from pipeline.metrics.network_size import NetworkSize, network_size
from pipeline.runs.labels import label_path, read_label
from pipeline.runs.run_dir import RunDir
from pipeline.runs.run_kind import CAPABILITIES, Capabilities
from pipeline.runs.status import ENDED
from pipeline.runs.summary import FIGURES, run_summary

_FOLDS = "by lesion, five folds"
_SUMMARY = ("run", "state", "seconds", "data", "preset", "arch", "split", "parent", "parent_stage", "evaluates",
            "error")
_CONFIG = ("loss", "seed", "data_hash", "limit", "weights", "epochs", "epochs_before")


def _read(run: RunDir) -> dict[str, Any]:
    """`run_summary` with label, times and the validation figures as flat columns; what a damaged file hides is None."""
    summary = run_summary(run)
    label = read_label(run)
    row = {key: summary[key] for key in _SUMMARY}
    row |= {"name": label.name, "note": label.note, "kind": None, "created": None, "chose_epoch": None, "stages": None,
            **dict.fromkeys(_CONFIG)}
    figures = summary["validation"] or (summary["evaluates"] and summary["test"]) or {}
    row |= {key: figures.get(key) for key in FIGURES}
    try:
        row["kind"] = run.kind()
        row["created"] = run.about().get("created")
        config = run.config()
        row |= {key: getattr(config, key) for key in _CONFIG}
        row["stages"] = tuple(stage.words for stage in config.stages)
        validation = (run.results() or {}).get("validation")
        row["chose_epoch"] = validation.get("chose_epoch") if validation else None
    except (LesionLabError, FileNotFoundError):
        pass  # the summary's error has the sentence already
    if capabilities_of(row).has_folds:
        row |= {"name": bundled_title(run.capabilities()), "split": _FOLDS}
    return row


def capabilities_of(row: dict[str, Any]) -> Capabilities:
    """What can be asked of the run of a row; of one whose kind a damaged file hides as little as of a training."""
    return CAPABILITIES[row["kind"] or "training"]


# a row of an ended run holds until one of these files changes; one at work depends on its process, so it is read anew
@kept(lambda run: [run.status_path, run.config_path, run.results_path, label_path(run)], entries=512, copied=True)
def _ended_row(run: RunDir) -> dict[str, Any]:
    return _read(run)


def run_row(run: RunDir) -> dict[str, Any]:
    """One row of the table of runs: run, kind, name, note, state, created, seconds, config, validation figures,
    error.
    """
    row = _ended_row(run)
    return row if row["state"] in ENDED and row["state"] != "interrupted" else _read(run)


def run_rows(runs: list[RunDir]) -> list[dict[str, Any]]:
    return [run_row(run) for run in runs]


@kept(lambda run: [run.events_path], entries=64, copied=True)
def epochs(run: RunDir) -> pd.DataFrame:
    """The run's `epochs_table`; empty before the first epoch."""
    events = run.events()
    return epochs_table(events, batches_table(events))


@kept(lambda runs: [path for run in runs for path in (run.predictions_path, run.split_path)], entries=32)
def comparison(runs: list[RunDir]) -> Comparison:
    """The runs on the validation images that they share; shared between sessions, so not to be changed.

    Raises:
        RunError: fewer than two runs, or one without predictions.
        DataError: a table of predictions cannot be used.
    """
    tables, trained = {}, {}
    for run in runs:
        tables[run.name] = compared_rows(run, resources.predictions(run))
        if run.split_path.exists():
            split = run.split()
            trained[run.name] = set(split.loc[split["part"] == "train", "lesion_id"])
    return compare(tables, trained)


def _weights_of(run: RunDir) -> Path:
    return run.model / "model.safetensors"


@kept(lambda run: [_weights_of(run)], entries=64, copied=True)
def size(run: RunDir) -> NetworkSize | None:
    """Parameters and bytes of the run's network; None where it has no model.

    Raises:
        ModelError: its weights are damaged.
    """
    return network_size(_weights_of(run))
