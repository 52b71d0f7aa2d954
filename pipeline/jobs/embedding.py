"""The job that lets the network behind a run look at all its images again: neighbours, a map, and what flips it.

Its status lies in `<run>/embedding/`, a folder like a run's; what it finds lies in the run's own folder. It takes no
turn in the queue for a device: it is short, works on the processor, and gives way to everything else there.
"""

import os
import traceback

from pipeline.errors import LesionLabError, RunError
from pipeline.files import disk_errors
from pipeline.jobs.launch import start_process
from pipeline.jobs.loading import stops_while_loading
from pipeline.locks import file_lock
from pipeline.progress import Cancelled, Progress, silent
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED, Status, just_queued, just_started, write_status
from pipeline.workspace import Workspace

_FOLDER = "embedding"
_GIVES_WAY = 10  # steps of niceness


def embedding_job(run: RunDir) -> RunDir:
    """Where the job's status, log and request to stop lie; it need not exist yet."""
    return RunDir(run.folder / _FOLDER)


def job_status(run: RunDir) -> Status | None:
    """The job's status; None where none was ever started."""
    job = embedding_job(run)
    return job.status() if os.path.lexists(job.status_path) else None


def is_embedded(run: RunDir) -> bool:
    """Whether all that the job finds is there; the last file is written last."""
    return run.what_if_path.exists()


def queue_embedding(run: RunDir) -> RunDir:
    """A new queued job for the run; what an earlier one told of itself is forgotten.

    Raises:
        RunError: the run has no model and evaluates none, or has no predictions, or a job is at work on it.
        WorkspaceError: the run's folder cannot be written.
    """
    judges = run.evaluation() or (run.model / "model.json").exists()
    if not judges or not run.predictions_path.exists():
        raise RunError(f"The run {run.name} has no model or no predictions.", "Wait until it is done.")
    job = embedding_job(run)
    with file_lock(job.lock_path, silent, "Another process queues the job."):
        status = job_status(run)
        if status and status.state not in ENDED:
            raise RunError(f"The embeddings of the run {run.name} are being computed already.",
                           "Wait until they are done.")
        write_status(job.status_path, just_queued())
        with disk_errors(job.folder):
            for path in (job.stop_path, job.events_path):
                path.unlink(missing_ok=True)
    return job


def start_embedding(workspace: Workspace, run: RunDir) -> None:
    """Queues the job and starts it in a process of its own, which outlives this one.

    Raises:
        RunError, WorkspaceError: as `queue_embedding`.
    """
    job = queue_embedding(run)
    try:
        start_process(workspace, ["embed", run.name, "--queued"], job)
    except (LesionLabError, OSError):
        job.status_path.unlink(missing_ok=True)
        raise


def _take(run: RunDir, progress: Progress) -> Reporter | None:
    """Makes this process the one that works on the queued job; None where that was stopped before it got here."""
    job = embedding_job(run)
    with file_lock(job.lock_path, silent, "Another process takes the job."):
        status = job_status(run)
        if status and status.state == "cancelled" and status.started is None:
            return None
        if status is None or status.state != "queued" or status.pid not in (None, os.getpid()):
            raise RunError(
                f"There is no job to embed the images of the run {run.name}.", "Start one on the page Explore."
            )
        reporter = Reporter(job, progress)
        reporter.set(**just_started(), device="the processor", doing="Loads the network.")
    return reporter


def work_on_embedding(run: RunDir, workspace: Workspace, progress: Progress = silent) -> Status:
    """Does the queued job in this process and gives its final status; failures are written there in words.

    Raises:
        RunError: no job is queued.
    """
    job, reporter = embedding_job(run), _take(run, progress)
    if reporter is None:
        return job.status()
    try:
        with stops_while_loading(reporter.stop_asked):
            from pipeline.explain.embed_run import embed_run

            embed_run(run, workspace, reporter)
        reporter.finish(state="done", fraction=1.0, doing="Done.")
    except Cancelled:
        reporter.finish(state="cancelled", doing="Stopped on request.")
    except LesionLabError as error:
        reporter.finish(state="failed", error=str(error), doing="Failed.")
    except Exception as error:  # noqa: BLE001  the job's edge: whatever happened is written down and said
        with job.log_path.open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        reporter.finish(
            state="failed", doing="Failed.",
            error=f"An unexpected error ended it: {type(error).__name__}. The details are in {job.log_path}.",
        )
    return job.status()


def give_way() -> None:
    """From now on this process has the processor only when nothing else wants it."""
    os.nice(_GIVES_WAY)
