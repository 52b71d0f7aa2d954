"""Going on with a run that was broken off: who may, and how it gets back into the queue."""

import time
from dataclasses import replace

from pipeline.errors import LesionLabError, RunError
from pipeline.files.locks import file_lock
from pipeline.progress import silent
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED, joined_queue, write_status


def refusal(run: RunDir) -> RunError | None:
    """Why the run cannot be resumed, in words; None where it can."""
    state = run.status().state
    if state not in ENDED:
        return RunError(f"The run {run.name} is {state} already.", "Wait for it, or watch it on the page Train.")
    if state == "done":
        return RunError(f"The run {run.name} is done: there is nothing to resume.", "Start a new run.")
    if run.kind() == "evaluation":
        if state == "interrupted" or run.goes_on:
            return None
        return RunError(f"The evaluation {run.name} {'was stopped' if state == 'cancelled' else 'failed'} and keeps "
                        "nothing to go on from.", "Start it again.")
    if state != "interrupted" and not run.goes_on:
        return RunError(
            f"The run {run.name} {'was stopped' if state == 'cancelled' else 'failed'} before its first full epoch: "
            "there is nothing to go on from.", "Start a new run.",
        )
    return None


def can_resume(run: RunDir) -> bool:
    """Whether `requeue` would take the run."""
    try:
        return refusal(run) is None
    except (LesionLabError, FileNotFoundError):
        return False


def requeue(run: RunDir) -> None:
    """Puts the run back into the queue; whoever works on it next goes on from its last full epoch, or from the images
    that an evaluation has judged.

    One that was broken off before starts at its beginning.

    Raises:
        RunError: it is the bundled run, done, at work, taken by another resume, or has nothing to go on from.
        WorkspaceError: its folder cannot be written.
    """
    run.check_own()
    with file_lock(run.lock_path, silent, "Another resume takes the run."):
        if refused := refusal(run):
            raise refused
        status = run.status()
        run.stop_path.unlink(missing_ok=True)
        write_status(run.status_path, replace(
            status, **joined_queue(), queued=time.time(), seconds_before=status.seconds or 0.0, started=None,
            ended=None, seconds_left=None, error=None, doing="Waits to go on.",
        ))
