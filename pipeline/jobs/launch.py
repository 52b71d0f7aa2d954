"""Starting a trainer in a process of its own, and asking it to stop."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

from pipeline.config import RunConfig
from pipeline.errors import RunError
from pipeline.files import disk_errors
from pipeline.jobs.run_dir import RunDir, create_run
from pipeline.jobs.status import ENDED
from pipeline.workspace import Workspace

_PROJECT = Path(__file__).resolve().parents[2]
_VERSIONS_OF = ("torch", "torchvision", "fastai", "timm", "numpy", "pandas", "pillow")


def create(workspace: Workspace, config: RunConfig) -> RunDir:
    """A new queued run that nobody works on yet."""
    return create_run(workspace, config, {name: importlib.metadata.version(name) for name in _VERSIONS_OF})


def start_run(workspace: Workspace, config: RunConfig) -> RunDir:
    """Creates a run and starts its trainer, which outlives this process, its terminal and its browser."""
    run = create(workspace, config)
    environment = {**os.environ, "LESIONLAB_HOME": str(workspace.home)}
    with disk_errors(run.log_path), run.log_path.open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "pipeline", "work", run.name], cwd=_PROJECT, env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
    return run


def request_stop(run: RunDir) -> None:
    """Asks the trainer of `run` to stop; it does within two batches.

    Raises:
        RunError: the run has ended already.
    """
    state = run.status().state
    if state in ENDED:
        raise RunError(f"The run {run.name} is not running: it is {state}.", "There is nothing to stop.")
    with disk_errors(run.stop_path):
        run.stop_path.touch()
