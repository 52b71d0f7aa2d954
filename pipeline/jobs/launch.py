"""Starting the work on a run, a search or a model in a process of its own, and asking it to stop."""

import contextlib
import time
from dataclasses import replace

import psutil

from pipeline.config import RunConfig
from pipeline.errors import LesionLabError, RunError, WorkspaceError
from pipeline.files import disk_errors
from pipeline.jobs.processes import start_pipeline
from pipeline.locks import file_lock
from pipeline.progress import silent
from pipeline.runs.creation import create
from pipeline.runs.new_folder import begin
from pipeline.runs.resume import requeue
from pipeline.runs.run_dir import RunDir
from pipeline.runs.searches import create_search
from pipeline.runs.status import ENDED, process_identity, write_status
from pipeline.workspace import Workspace


def start_run(workspace: Workspace, config: RunConfig) -> RunDir:
    """Creates a run and starts its trainer, which outlives this process, its terminal and its browser."""
    run = create(workspace, config)
    begin(run.folder, lambda: start_trainer(workspace, run))
    return run


def start_search(workspace: Workspace, config: RunConfig) -> RunDir:
    """Creates a search and starts it in a process of its own."""
    search = create_search(workspace, config)
    begin(search.folder, lambda: start_process(workspace, ["work", search.name, "--search"], search))
    return search


def start_trainer(workspace: Workspace, run: RunDir) -> None:
    """Starts a process for the queued `run`."""
    start_process(workspace, ["work", run.name], run)


def start_process(workspace: Workspace, arguments: list[str], job: RunDir) -> None:
    """Starts `python -m pipeline` with `arguments` in a session of its own, to work on the queued `job`.

    What it says goes to the job's log. Its number stands in the status at once: one that is killed before it could
    write anything is known to be gone.
    """
    with disk_errors(job.log_path), job.log_path.open("ab") as log:
        process = start_pipeline(workspace, arguments, log, log)
    its_own_try = contextlib.suppress(psutil.NoSuchProcess, WorkspaceError, FileNotFoundError)  # it writes it, too
    with its_own_try, file_lock(job.lock_path, silent, "Another process takes the run."):
        status = job.status()
        if status.state == "queued" and status.pid is None:
            write_status(job.status_path, replace(status, **process_identity(process.pid)))


def start_deriving(workspace: Workspace, model: str) -> None:
    """Starts a process that writes the body of a model's network as ONNX; what it says is in `derived/<model>.log`.

    Raises:
        WorkspaceError: the log cannot be written.
    """
    path = workspace.derived / f"{model}.log"
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            start_pipeline(workspace, ["derive", model], log, log)


def resume_run(workspace: Workspace, run: RunDir) -> None:
    """Goes on with a run that was broken off, in a process of its own.

    Raises:
        RunError: it is done, at work, or has nothing to go on from.
    """
    before = run.status()
    requeue(run)
    try:
        start_trainer(workspace, run)
    except (LesionLabError, OSError):
        write_status(run.status_path, before)
        raise


def request_stop(run: RunDir) -> None:
    """Asks for the end of `run`. Its trainer hears that within two batches, or within a moment while libraries load;
    where no process works on it yet, it has ended when this returns.

    Raises:
        RunError: the run has ended already.
        WorkspaceError: the disk is full or the run's folder cannot be written.
    """
    with file_lock(run.lock_path, silent, "Another process takes the run."):
        status = run.status()
        if status.state in ENDED:
            raise RunError(f"The run {run.name} is not running: it is {status.state}.", "There is nothing to stop.")
        if status.pid is None:
            write_status(run.status_path, replace(
                status, state="cancelled", ended=time.time(), doing="Stopped on request."
            ))
        else:
            ask_to_stop(run)


def ask_to_stop(run: RunDir) -> None:
    """Leaves the request for the process that works on `run`; for a signal handler in that very process."""
    with disk_errors(run.stop_path):
        run.stop_path.touch()
