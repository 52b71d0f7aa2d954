"""Starting jobs in processes of their own, and asking them to stop."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.errors import LesionLabError, RunError, WorkspaceError
from pipeline.files.disk import disk_errors
from pipeline.files.locks import file_lock
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_dirs import EmbeddingJob, audit_job, embedding_job, kind_of
from pipeline.jobs.tasks import TASKS
from pipeline.progress import silent
from pipeline.runs.job_dir import JobDir
from pipeline.runs.new_folder import begin
from pipeline.runs.plan import create
from pipeline.runs.resume import requeue
from pipeline.runs.run_dir import RunDir
from pipeline.runs.searches import create_search
from pipeline.runs.status import ENDED, just_queued, process_identity, works_here, write_status

_PROJECT = Path(__file__).resolve().parents[2]
_TAKEN = "Another process takes the job."


def start_pipeline(
    workspace: Workspace, arguments: list[str], stdout: Any, stderr: Any, *, outlives: bool = True
) -> subprocess.Popen:
    """Starts `python -m pipeline ARGUMENTS` on `workspace`. It has nothing to read, and speaks UTF-8.

    Args:
        stdout, stderr: where it writes, as `subprocess.Popen` takes them.
        outlives: it has a session of its own: neither Ctrl-C in this process's terminal nor its closing ends it.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *arguments], cwd=_PROJECT,
        env={**os.environ, "LESIONLAB_HOME": str(workspace.home), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=outlives,
    )


def start(workspace: Workspace, job: JobDir) -> subprocess.Popen:
    """Starts a process that works on the queued `job`; but for short work it outlives this process, its terminal and
    its browser.

    What it prints goes to the job's log. Its number stands in the status at once: one that is killed before it could
    write anything is known to be gone.

    Raises:
        WorkspaceError: the log cannot be written.
        OSError: the system starts no more processes.
    """
    kind = kind_of(job)
    arguments = ["work", kind, str(job.folder.relative_to(workspace.home))]
    with disk_errors(job.log_path), job.log_path.open("ab") as log:
        process = start_pipeline(workspace, arguments, log, log, outlives=TASKS[kind].request is None)
    its_own_try = contextlib.suppress(psutil.NoSuchProcess, WorkspaceError, FileNotFoundError)  # it writes it, too
    with its_own_try, file_lock(job.lock_path, silent, _TAKEN):
        status = job.status()
        if status.state == "queued" and status.pid is None:
            write_status(job.status_path, replace(status, **process_identity(process.pid)))
    return process


def _at_work(job: JobDir) -> bool:
    with contextlib.suppress(WorkspaceError):  # one that is damaged is replaced
        return os.path.lexists(job.status_path) and job.status().state not in ENDED
    return False


def queue(job: JobDir, busy: LesionLabError, write: Callable[[], None] = lambda: None) -> None:
    """A new try at the job waits for its process; what an earlier one told of itself is forgotten.

    Args:
        busy: raised where somebody works on it.
        write: writes what the process needs to know.

    Raises:
        WorkspaceError: the folder cannot be written.
    """
    with file_lock(job.lock_path, silent, _TAKEN):
        if _at_work(job):
            raise busy
        with disk_errors(job.folder):
            job.folder.mkdir(parents=True, exist_ok=True)
        write()
        write_status(job.status_path, just_queued(doing="Starts."))
        with disk_errors(job.folder):
            for path in (job.stop_path, job.events_path):
                path.unlink(missing_ok=True)


def start_queued(workspace: Workspace, job: JobDir) -> None:
    """`start`; where that cannot be done, nothing is queued any more."""
    try:
        start(workspace, job)
    except (LesionLabError, OSError):
        job.status_path.unlink(missing_ok=True)
        raise


def start_run(workspace: Workspace, config: RunConfig) -> RunDir:
    """Creates a run and starts its trainer."""
    run = create(workspace, config)
    begin(run.folder, lambda: start(workspace, run))
    return run


def start_search(workspace: Workspace, config: RunConfig) -> RunDir:
    """Creates a search and starts it."""
    search = create_search(workspace, config)
    begin(search.folder, lambda: start(workspace, search))
    return search


def resume_run(workspace: Workspace, run: RunDir) -> None:
    """Goes on with a run that was broken off.

    Raises:
        RunError: it is done, at work, or has nothing to go on from.
    """
    before = run.status()
    requeue(run)
    try:
        start(workspace, run)
    except (LesionLabError, OSError):
        write_status(run.status_path, before)
        raise


def queue_embedding(run: RunDir) -> EmbeddingJob:
    """Queues the job that embeds the run's images.

    Raises:
        RunError: the run has no model and evaluates none, or has no predictions, or a job is at work on it.
        WorkspaceError: the run's folder cannot be written.
    """
    judges = run.kind() == "evaluation" or (run.model / "model.json").exists()
    if not judges or not run.predictions_path.exists():
        raise RunError(f"The run {run.name} has no model or no predictions.", "Wait until it is done.")
    job = embedding_job(run)
    queue(job, RunError(f"The embeddings of the run {run.name} are being computed already.",
                        "Wait until they are done."))
    return job


def start_embedding(workspace: Workspace, run: RunDir) -> None:
    """Lets the network behind the run look at all its images again; raises what `queue_embedding` does."""
    start_queued(workspace, queue_embedding(run))


def start_audit(workspace: Workspace, dataset: Dataset) -> None:
    """Starts the audit of the data set.

    Raises:
        RunError: it is being audited.
        WorkspaceError: the data set's folder cannot be written.
    """
    job = audit_job(dataset)
    queue(job, RunError(f"The data set {dataset.name} is being audited already.", "Wait until that is done."))
    start_queued(workspace, job)


def request_stop(job: JobDir) -> None:
    """Asks for the end of the job. Its process hears that within two batches, or within a moment while libraries load;
    where no process works on it yet, it has ended when this returns.

    Raises:
        RunError: it has ended already.
        WorkspaceError: the disk is full or the job's folder cannot be written.
    """
    with file_lock(job.lock_path, silent, _TAKEN):
        status = job.status()
        if status.state in ENDED:
            raise RunError(f"{job.title} is not running: it is {status.state}.", "There is nothing to stop.")
        task = TASKS[kind_of(job)]
        if status.pid is None:
            write_status(job.status_path, replace(status, state="cancelled", ended=time.time(), doing=task.stopped))
            return
        ask_to_stop(job)
        if task.breaks_off and works_here(status):
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.pid, signal.SIGTERM)


def ask_to_stop(job: JobDir) -> None:
    """Leaves the request for the process that works on the job; for a signal handler in that very process."""
    with disk_errors(job.stop_path):
        job.stop_path.touch()
