"""Learning-rate searches: short jobs beside the runs, each in a folder like a run's, with `found.json` at its end."""

import contextlib
import dataclasses
import os
import re
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Len
from typing_extensions import TypedDict

from pipeline.configuration.config import RunConfig, Stage
from pipeline.data.dataset import load_dataset
from pipeline.errors import DataError, LesionLabError, RunError
from pipeline.files.bounds import Rate
from pipeline.files.disk import folders_with, write_json
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.runs.lineage import find_start, take_over
from pipeline.runs.new_folder import make_folder
from pipeline.runs.plan import plan_config
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import just_queued, write_status
from pipeline.vocabulary import RateVerdict

_FOUND = "found.json"
_Range = Annotated[list[Rate], Len(2, 2)]
_NEXT_STAGE = Stage(freeze=False, epochs=1, lr_max=1e-3)  # what follows a trained stage; its rate is what is searched


class Found(TypedDict):
    """What `lr_finder.read_curve` gives."""

    verdict: RateVerdict
    valley: Rate | None
    steepest: Rate | None
    minimum: Rate | None
    slide: Rate | None
    article_steepest: _Range | None
    article_plateau: _Range | None


def plan_search(workspace: Workspace, start: str) -> RunConfig:
    """The search that "RUN:STAGE" asks for: all layers, from the weights at the end of that stage, on its data.

    Raises:
        RunError: there is no such run or stage, or its weights are not kept.
        DataError: the data set is gone or has changed.
    """
    found = find_start(workspace, start)
    config = dataclasses.replace(
        found.run.config(), stages=(_NEXT_STAGE,), parent=found.run.name, parent_stage=found.stage
    )
    if load_dataset(workspace, config.data).content_hash != config.data_hash:
        raise DataError(f"The data set {config.data} has changed since {found.run.name} was trained.",
                        "Start the search without that run.")
    return config


def plan_first_search(workspace: Workspace, data: str, preset: str, settings: list[str]) -> RunConfig:
    """The search for the first stage of a run that a preset and settings describe.

    Raises:
        ConfigError: an unknown preset or setting, or a value out of its range.
        DataError: there is no such data set.
    """
    config = plan_config(workspace, data, preset, settings)
    return dataclasses.replace(config, stages=config.stages[:1])


def create_search(workspace: Workspace, config: RunConfig) -> RunDir:
    """A new queued search `<data>-rates-<n>` that nobody works on yet.

    Raises:
        RunError: the weights that it starts from are gone.
        WorkspaceError: the workspace cannot be written.
    """
    start = find_start(workspace, f"{config.parent}:{config.parent_stage}") if config.parent else None
    status = just_queued()

    def fill(folder: Path) -> None:
        search = RunDir(folder)
        if start:
            take_over(search, start)
        write_json(search.config_path, {"kind": "search", "config": config.to_json(), "created": status.created})
        write_status(search.status_path, status)

    taken = [path.name for path in workspace.searches.iterdir()] if workspace.searches.is_dir() else []
    return RunDir(make_folder(workspace, workspace.searches, f"{config.data}-rates", taken, fill))


def find_search(workspace: Workspace, name: str) -> RunDir:
    """The search of that name.

    Raises:
        RunError: there is none.
    """
    search = RunDir(workspace.searches / name)
    if not re.fullmatch(r"[\w.-]+", name) or not os.path.lexists(search.status_path):
        raise RunError(f"There is no learning-rate search named {name}.", "Start a new one.")
    return search


def list_searches(workspace: Workspace) -> list[RunDir]:
    """The searches that can be read, newest first."""
    found: list[tuple[float, RunDir]] = []
    for search in _searches(workspace):
        with contextlib.suppress(LesionLabError):
            search.config()
            found.append((search.status().created, search))
    return [search for _, search in sorted(found, key=lambda pair: pair[0], reverse=True)]


def damaged_searches(workspace: Workspace) -> list[LesionLabError]:
    """What is wrong with each search that cannot be read."""
    found = []
    for search in _searches(workspace):
        try:
            search.config(), search.status()
        except LesionLabError as error:
            found.append(error)
    return found


def _searches(workspace: Workspace) -> list[RunDir]:
    """Those that were created to the end, which writes their status last."""
    return [RunDir(folder) for folder in folders_with(workspace.searches, "status.json")]


def origin(config: RunConfig) -> str:
    """Where a search starts from, in words."""
    if config.parent is not None:
        return f"{config.parent}, after stage {config.parent_stage}, all layers"
    part = "the head alone" if config.stages[0].freeze else "all layers"
    return f"preset {config.preset} on {config.data}, at its beginning, {part}"


def write_found(search: RunDir, found: dict[str, Any]) -> None:
    write_json(search.folder / _FOUND, found)


def read_found(search: RunDir) -> Found | None:
    """What `lr_finder.read_curve` gave; None before the end.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path: Path = search.folder / _FOUND
    return read_record(path, Found, "Start the search again.") if os.path.lexists(path) else None
