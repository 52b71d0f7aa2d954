"""The run directory: where each file of a run lies, and the runs of a workspace."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.configuration.config import RunConfig
from pipeline.errors import LesionLabError, RunError
from pipeline.files.disk import folders_with, kept_while_unchanged, to_json, write_json
from pipeline.files.records import read_record, record
from pipeline.files.workspace import READ_ONLY, RUN_NAME, SEARCHES, Workspace, run_folder
from pipeline.runs.events import read_events
from pipeline.runs.job_dir import JobDir
from pipeline.runs.new_folder import make_folder
from pipeline.runs.results import Results, check_figures
from pipeline.runs.run_about import Evaluation, RunAbout, read_about
from pipeline.runs.run_kind import CAPABILITIES, FIRST_BUNDLED, Capabilities
from pipeline.runs.run_tables import read_extra, read_predictions, read_split
from pipeline.runs.status import just_queued, write_status
from pipeline.vocabulary import HELD_OUT_PARTS, RunKind

_REPAIR = "Delete that run, or restore the file from a copy."


@kept_while_unchanged(entries=1024)  # a page asks for those of all runs
def _read_config(path: Path) -> RunConfig:
    return record(to_json(read_about(path)["config"]).encode(), RunConfig, str(path), _REPAIR)


@dataclass(frozen=True)
class RunDir(JobDir):
    """Paths of one run and its small tables; `name` is the run's id."""

    @property
    def name(self) -> str:
        return RUN_NAME if self.bundled else self.folder.name

    @property
    def bundled(self) -> bool:
        """Whether it is the one that came with LesionLab; what that means for it, `capabilities` says."""
        return self.folder == run_folder()

    def kind(self) -> RunKind:
        """What it is. Its config.json says so; what an earlier version made is known by its place and its contents.

        Raises:
            MissingFileError, WorkspaceError: as `config`.
        """
        if self.bundled:
            return "bundled"
        about = self.about()
        if "kind" in about:
            return about["kind"]
        if "evaluation" in about:
            return "evaluation"
        return "search" if self.folder.parent.name == SEARCHES else "training"

    def capabilities(self) -> Capabilities:
        """What can be asked of it.

        Raises:
            MissingFileError, WorkspaceError: as `config`.
        """
        kind = self.kind()
        return FIRST_BUNDLED if kind == "bundled" and not self.heatmaps_path.exists() else CAPABILITIES[kind]

    @property
    def writes_in(self) -> tuple[Path, ...]:
        return self.folder, self.checkpoints, self.model

    def check_own(self) -> None:
        """
        Raises:
            RunError: the run is the bundled one, which nobody changes.
        """
        if self.bundled:
            raise RunError(f"The run {self.name} {READ_ONLY}.", "Train a run of your own.")

    @property
    def config_path(self) -> Path:
        return self.folder / "config.json"

    @property
    def split_path(self) -> Path:
        return self.folder / "split.parquet"

    @property
    def extra_path(self) -> Path:
        return self.folder / "extra.parquet"

    @property
    def predictions_path(self) -> Path:
        return self.folder / "predictions.parquet"

    @property
    def batch_path(self) -> Path:
        """Pictures of a batch, while the run is at work."""
        return self.folder / "batch.json"

    @property
    def heatmaps_path(self) -> Path:
        return self.folder / "heatmaps.npz"

    @property
    def embeddings_path(self) -> Path:
        return self.folder / "embeddings.npz"

    @property
    def neighbours_path(self) -> Path:
        return self.folder / "neighbours.parquet"

    @property
    def map_path(self) -> Path:
        return self.folder / "map.parquet"

    @property
    def what_if_path(self) -> Path:
        return self.folder / "what_if.json"

    @property
    def changed_path(self) -> Path:
        """The answers to changed pictures, of the bundled run alone: pages ask other runs' networks."""
        return self.folder / "what_if.npz"

    @property
    def results_path(self) -> Path:
        return self.folder / "results.json"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def resume_path(self) -> Path:
        """The last full epoch's checkpoint, while the run is not done."""
        return self.checkpoints / "resume.pt"

    @property
    def judged_path(self) -> Path:
        """What an evaluation has so far, while it is not done."""
        return self.folder / "judged"

    @property
    def goes_on(self) -> bool:
        """Whether there is something to go on from: a full epoch of a training, judged images of an evaluation."""
        return self.resume_path.exists() or (self.judged_path / "rows.json").exists()

    @property
    def start_weights(self) -> Path:
        """The parent's weights that a branch starts from, while the run is not done."""
        return self.checkpoints / "start.safetensors"

    def stage_weights(self, stage: int) -> Path:
        """The weights at the end of a stage, from 1; another run can start from them."""
        return self.checkpoints / f"stage{stage}.safetensors"

    def epoch_weights(self, stage: int, epoch: int) -> Path:
        """The weights after an epoch, from 1, of a stage, where the config keeps each epoch's."""
        return self.checkpoints / f"stage{stage}-epoch{epoch:02d}.safetensors"

    @property
    def model(self) -> Path:
        return self.folder / "model"

    def config(self) -> RunConfig:
        """
        Raises:
            MissingFileError: it has none.
            WorkspaceError: it is damaged, or of another version.
        """
        return _read_config(self.config_path)

    def about(self) -> RunAbout:
        """All of config.json.

        Raises:
            MissingFileError, WorkspaceError: as `config`.
        """
        return read_about(self.config_path)

    def evaluation(self) -> Evaluation | None:
        """What an evaluation of a model on another data set judged; None for a training."""
        return self.about().get("evaluation")

    def events(self) -> list[dict[str, Any]]:
        return read_events(self.events_path)

    def split(self) -> pd.DataFrame:
        """See `read_split`, which also says what it raises."""
        return read_split(self.split_path)

    def extra(self) -> pd.DataFrame | None:
        """See `read_extra`; None of a run without extra training images, or that has not chosen them yet."""
        return read_extra(self.extra_path) if os.path.lexists(self.extra_path) else None

    def predictions(self) -> pd.DataFrame:
        """One row per judged image: part, image_id, lesion_id, truth, predicted, p_<code>…, loss.

        Raises:
            RunError: the run has not been evaluated yet.
            WorkspaceError: the table is damaged.
        """
        if not os.path.lexists(self.predictions_path):
            raise RunError(f"The run {self.name} has no predictions yet.", "Wait until it is done, or resume it.")
        return read_predictions(self.predictions_path)

    def results(self) -> Results | None:
        """Stored figures by part (`validation`, `test`); None before the evaluation.

        Raises:
            WorkspaceError: the file is damaged.
        """
        if not os.path.lexists(self.results_path):
            return None
        repair = f"Compute the figures again with `python -m pipeline evaluate {self.name}`."
        results = read_record(self.results_path, Results, repair)
        for part in HELD_OUT_PARTS:
            if part in results:
                check_figures(results[part], str(self.results_path), repair)
        return results


def create_run(
    workspace: Workspace, config: RunConfig, versions: dict[str, str], fill: Callable[[RunDir], None] | None = None
) -> RunDir:
    """A new run directory `<data>-<preset>-<n>` with its config, state queued, no process yet.

    Args:
        fill: writes what else the run begins with.

    Raises:
        WorkspaceError: the disk is full or the workspace cannot be written; then there is no new run.
    """
    status = just_queued()

    def write(folder: Path) -> None:
        run = RunDir(folder)
        if fill:
            fill(run)
        write_json(run.config_path, {
            "kind": "training", "config": config.to_json(), "versions": versions, "created": status.created,
        })
        write_status(run.status_path, status)

    stem = f"{config.data}-{config.preset}"
    return RunDir(make_folder(workspace, workspace.runs, stem, all_run_names(workspace), write))


def all_run_names(workspace: Workspace) -> list[str]:
    """Those of deleted runs too, which may come back."""
    places = [workspace.runs, workspace.bin / "runs"]
    return [p.name for place in places if place.is_dir() for p in place.iterdir()]


def find_run(workspace: Workspace, name: str) -> RunDir:
    """The run of that name, the bundled one too.

    Raises:
        RunError: there is none.
    """
    if name == RUN_NAME and (bundled := bundled_run()):
        return bundled
    run = RunDir(workspace.runs / name)
    if not re.fullmatch(r"[\w.-]+", name) or not os.path.lexists(run.status_path):
        raise RunError(f"There is no run named {name}.", "`python -m pipeline runs list` lists those that there are.")
    return run


def bundled_run() -> RunDir | None:
    """The run that came with LesionLab, where it is there and whole."""
    run = RunDir(run_folder())
    return run if run.config_path.exists() and _is_readable(run) else None


def list_runs(workspace: Workspace) -> list[RunDir]:
    """All runs of the workspace with a config and a status, newest first; the bundled one is not among them."""
    runs = [RunDir(path) for path in folders_with(workspace.runs, "status.json")]
    runs = [run for run in runs if os.path.lexists(run.config_path)]
    return sorted(runs, key=lambda run: run.config_path.lstat().st_mtime, reverse=True)


def readable_runs(workspace: Workspace) -> list[RunDir]:
    """Those of `list_runs` whose status and config are whole; the list of all names the damaged ones."""
    return [run for run in list_runs(workspace) if _is_readable(run)]


def _is_readable(run: RunDir) -> bool:
    try:
        run.status(), run.config()
    except (LesionLabError, FileNotFoundError):
        return False
    return True
