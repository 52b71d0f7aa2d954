"""Workspaces for the journeys: two short trainings on generated images, or on the real ones."""

import shutil
from pathlib import Path

from pipeline.data.importing import import_dataset
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_worker import work
from pipeline.runs.plan import create, plan_config
from pipeline.runs.run_dir import RunDir

_SHORT = ["size=48x32", "batch_size=8"]


def train(workspace: Workspace, data: str, *settings: str) -> RunDir:
    """A finished run of some seconds; equal seeds hold out equal images, so runs can be compared."""
    run = create(workspace, plan_config(workspace, data, "demo", [*_SHORT, *settings]))
    status = work(run, workspace)
    assert status.state == "done", status.error
    return run


def stock_generated(home: Path, trained: Workspace) -> None:
    """A copy of `trained`, which has the data set "tiny" and one run, with a second run beside it."""
    shutil.copytree(trained.home, home)
    train(Workspace(home), "tiny", "epochs=1,2")


def stock_real(home: Path, shared_data: Path) -> None:
    """All of HAM10000, and two runs on 200 of its images."""
    workspace = Workspace(home).create()
    import_dataset(workspace, shared_data / "ham10000-200x150.zip", "ham10000",
                   sources=shared_data / "ham10000-sources.csv")
    for epochs in ("1,1", "1,2"):
        train(workspace, "ham10000", "limit=200", f"epochs={epochs}")
