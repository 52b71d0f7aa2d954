"""The same recipe on the other split: by lesion where a run was on the article's split, and the reverse."""

import dataclasses

from pipeline.config import RunConfig, SplitKind
from pipeline.data.dataset import load_dataset
from pipeline.data.same_lesion import confirmed_digest
from pipeline.errors import DataError, RunError
from pipeline.runs.plan import with_extra
from pipeline.runs.run_dir import RunDir
from pipeline.workspace import Workspace


def other_kind(kind: SplitKind) -> SplitKind:
    """ "lesion" for "random", else "random"."""
    return "lesion" if kind == "random" else "random"


def other_split(workspace: Workspace, run: RunDir) -> RunConfig:
    """The configuration of `run` on the other split, all else equal.

    Raises:
        RunError: the run started from another run's weights, which saw that one's split; it held nothing out; or it
            is an evaluation.
        DataError: the data set is gone, or has changed since.
    """
    config = run.config()
    if config.parent is not None:
        raise RunError(
            f"The run {run.name} started from {config.parent}, whose split its weights know.",
            "Choose a run that started from initial weights.",
        )
    if config.split == "external":
        raise RunError(f"{run.name} is an evaluation, which has no split.", "Choose a run that was trained.")
    if config.split == "all":
        raise RunError(f"The run {run.name} held no image out, so it has no figures to compare.", "Choose another.")
    dataset = load_dataset(workspace, config.data)
    if dataset.content_hash != config.data_hash:
        raise DataError(
            f"The data set {config.data} has changed since the run {run.name} was trained on it.", "Start a new run."
        )
    changed = dataclasses.replace(
        config, split=other_kind(config.split), fold=0, same_lesion=confirmed_digest(dataset)
    )
    planned = with_extra(workspace, changed, dataset)
    if planned.extra_hash != config.extra_hash:
        raise DataError(
            f"The data set {config.extra} has changed since the run {run.name} was trained on it.", "Start a new run."
        )
    return planned
