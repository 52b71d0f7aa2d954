"""Runs that start from a stage of another run: what they take over, and the family tree."""

import os
import shutil
from typing import NamedTuple

from pipeline.configuration.config import RunConfig
from pipeline.errors import LesionLabError, RunError
from pipeline.files.disk import disk_errors
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import RunDir, find_run

# so that no image that the parent learnt is validated, and the description of the initial weights stays true
INHERITED = (
    "data", "data_hash", "split", "seed", "fold", "limit", "same_lesion", "weights", "view", "mean", "std", "reserved",
    "extra", "extra_hash", "head",
)


class Start(NamedTuple):
    """The `run` and its `stage` (from 1) that another run starts from."""

    run: RunDir
    stage: int


def find_start(workspace: Workspace, text: str) -> Start:
    """The start that "RUN:STAGE" names.

    Raises:
        RunError: it is not of that form, there is no such run or stage, or the stage's weights are not there.
    """
    name, colon, number = text.rpartition(":")
    if not colon or not number.isascii() or not number.isdigit() or not int(number):
        raise RunError(f"{text} does not name a stage of a run.", "Write RUN:STAGE; stages count from 1.")
    run, stage = find_run(workspace, name), int(number)
    stages = len(run.config().stages)
    if stage > stages:
        raise RunError(
            f"The run {name} has {stages} stage{'s' * (stages != 1)}, so there is no stage {stage}.",
            f"The last one is {name}:{stages}.",
        )
    if not run.stage_weights(stage).exists():
        there = kept_stages(run)
        words = f"It has those of {', '.join(f'{name}:{n}' for n in there)}." if there else "Choose another run."
        raise RunError(f"The run {name} has no weights from the end of its stage {stage}.", words)
    return Start(run, stage)


def take_over(run: RunDir, start: Start) -> None:
    """Copies what the new `run` starts from, so that the other run may be deleted: weights, split and extra images.

    Raises:
        WorkspaceError: the disk is full or cannot be written.
    """
    with disk_errors(run.start_weights):
        run.checkpoints.mkdir()
        shutil.copyfile(start.run.split_path, run.split_path)
        if os.path.lexists(start.run.extra_path):
            shutil.copyfile(start.run.extra_path, run.extra_path)
        shutil.copyfile(start.run.stage_weights(start.stage), run.start_weights)


def kept_stages(run: RunDir) -> list[int]:
    """The stages of `run`, from 1, whose weights another run can start from."""
    return [n for n in range(1, len(run.config().stages) + 1) if run.stage_weights(n).exists()]


def lineage(runs: list[RunDir]) -> list[tuple[RunDir, int]]:
    """The runs as a family tree in reading order: each before its branches, with its depth (0 for a root).

    Siblings keep the order of `runs`. A run whose parent is not among them is a root.
    """
    parent_of = {run.name: _parent(run) for run in runs}
    children: dict[str | None, list[RunDir]] = {}
    for run in runs:
        parent = parent_of[run.name]
        children.setdefault(parent if parent in parent_of else None, []).append(run)
    tree: list[tuple[RunDir, int]] = []
    waiting = [(run, 0) for run in reversed(children.get(None, []))]
    while waiting:
        run, depth = waiting.pop()
        tree.append((run, depth))
        waiting.extend((child, depth + 1) for child in reversed(children.get(run.name, [])))
    return tree


def _parent(run: RunDir) -> str | None:
    try:
        return run.config().parent
    except (LesionLabError, FileNotFoundError):  # a damaged run is listed too
        return None


def check_branch(config: RunConfig, start: Start) -> None:
    """Sees to it that the branch `config` fits the run that it starts from.

    Raises:
        RunError: it has another network, or one of INHERITED differs.
    """
    parent, name = start.run.config(), start.run.name
    if config.arch != parent.arch:
        raise RunError(
            f"The weights of {name} are those of {parent.arch}, not of {config.arch}.",
            f"Choose a preset with {parent.arch}, or start without them.",
        )
    for field in INHERITED:
        if getattr(config, field) != getattr(parent, field):
            raise RunError(
                f"A run that starts from {name} has its {field.replace('_', ' ')}, which is {getattr(parent, field)}, "
                f"not {getattr(config, field)}.",
                "Leave that setting out.",
            )
