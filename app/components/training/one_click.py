"""The training of one click: which images it takes, how long it took the last time, and its start."""

from collections.abc import Sequence

import streamlit as st

from app.access import Right, require
from app.loaders import resources
from pipeline.configuration.presets import PRESETS
from pipeline.data.dataset import Dataset
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED

PRESET = "instant"
_STAGES = PRESETS[PRESET].config.stages
_COLLECTION, _IMAGES = "HAM10000", 10_015
_ENOUGH = 1_000  # images; the starter set has fewer than a network needs to learn each diagnosis


def images_to_watch(datasets: Sequence[Dataset]) -> Dataset | None:
    """HAM10000, whatever it is called here; else the generated set; else None."""
    of_ham = [one for one in datasets
              if not one.generated and _COLLECTION in one.attribution and one.images >= _ENOUGH]
    drawn = [one for one in datasets if one.generated]
    # archives of ISIC hold images of HAM10000 too: some of them, or others beside
    return min(of_ham or drawn, key=lambda one: abs(one.images - _IMAGES), default=None)


def took_last_time(dataset: Dataset, runs: Sequence[RunDir]) -> float | None:
    """Seconds that the newest of `runs`, newest first, took that did the same and is done; None where none did."""
    for run in runs:
        config = run.config()
        if (config.preset, config.data_hash, config.stages) == (PRESET, dataset.content_hash, _STAGES):
            status = run.status()
            if status.state == "done" and status.seconds:
                return status.seconds
    return None


def going(runs: Sequence[RunDir]) -> list[RunDir]:
    """Those of `runs`, newest first, that are at work or wait; the oldest first."""
    return [run for run in reversed(runs) if run.status().state not in ENDED]


def start_to_watch(dataset: Dataset) -> RunDir:
    """Starts the training on the data set; gives the run at work where another visitor was quicker.

    Raises:
        AccessError: this session may not.
        DataError: the data set is gone.
        WorkspaceError: the workspace cannot be written.
    """
    from pipeline.jobs.launch import start_run
    from pipeline.runs.plan import plan_config

    require(Right.TRAIN_ONE)
    with st.spinner("Starts the training."):
        at_work = going(resources.own_runs())
        return at_work[0] if at_work else start_run(
            resources.workspace(), plan_config(resources.workspace(), dataset.name, PRESET, []))
