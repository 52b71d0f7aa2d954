"""Working on a run in this very process, with Ctrl-C and SIGTERM as a request to stop."""

import contextlib
import os
import signal
from collections.abc import Iterator

from pipeline.commands.output import Output
from pipeline.jobs.launch import ask_to_stop
from pipeline.runs.resume import can_resume
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import Status
from pipeline.workspace import Workspace


@contextlib.contextmanager
def stop_on_signal(run: RunDir, out: Output) -> Iterator[None]:
    """While the block runs, the first SIGINT or SIGTERM asks the trainer to stop; a second one ends the process."""
    owner, asked = os.getpid(), []

    def on_signal(number: int, frame) -> None:
        if os.getpid() != owner:
            return  # a worker process inherits this handler; its parent stops it
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        ask_to_stop(run)
        out.warn(f"Stopping {run.name}. Once more to leave at once.")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def work_here(run: RunDir, workspace: Workspace, out: Output, search: bool = False) -> Status:
    """Works on the queued `run` until it has ended; says on stderr how it ended where that is not "done".

    Args:
        search: it is a learning-rate search, not a training.

    Raises:
        RunError: the run is not queued.
        KeyboardInterrupt: the user would not wait for the stop.
    """
    with stop_on_signal(run, out):
        from pipeline.jobs.work import work  # brings torch, so only now

        status = work(run, workspace, out.progress, search=search)
    if status.state == "failed":
        out.warn(status.error or f"The run {run.name} failed.")
    elif status.state != "done":
        out.warn(f"The run {run.name} is {status.state}.")
    if status.state != "done" and not search and can_resume(run):
        out.warn(f"`python -m pipeline resume {run.name}` goes on from its last full epoch.")
    return status
