"""Working on a job in this very process, with Ctrl-C and SIGTERM as a request to stop; and `work`, hidden, with which a
process begins that was started for a job.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

from pipeline.commands.arguments import add_command
from pipeline.commands.output import Output
from pipeline.files.workspace import Workspace, current_workspace
from pipeline.runs.job_dir import JobDir
from pipeline.runs.status import Status

_SECONDS_BETWEEN_LOOKS = 0.5


def add_parsers(commands) -> None:
    parser = add_command(commands, "work", work_for_another, help=None)
    parser.add_argument("kind", metavar="KIND", help="a task of pipeline.jobs.tasks")
    parser.add_argument("folder", metavar="FOLDER", help="the queued job's folder, below the workspace")


@contextlib.contextmanager
def stop_on_signal(job: JobDir, out: Output, at_once: bool = False) -> Iterator[None]:
    """While the block runs, the first SIGINT or SIGTERM asks the job to stop; a second one ends the process.

    Args:
        at_once: the first ends the process, too.
    """
    owner, asked = os.getpid(), []

    def on_signal(number: int, frame) -> None:
        if os.getpid() != owner:
            return  # a worker process inherits this handler; its parent stops it
        if asked or at_once:
            raise KeyboardInterrupt
        asked.append(number)
        from pipeline.jobs.launch import ask_to_stop

        ask_to_stop(job)
        out.warn(f"Stopping {job.name}. Once more to leave at once.")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def work_here(job: JobDir, workspace: Workspace, out: Output) -> Status:
    """Works on the queued job until it has ended; says on stderr how it ended where that is not "done".

    Raises:
        RunError: the job is not queued.
        KeyboardInterrupt: the user would not wait for the stop.
    """
    with stop_on_signal(job, out):
        from pipeline.jobs.job_worker import work  # only now: it loads for a while

        status = work(job, workspace, out.progress)
    if status.state == "failed":
        out.warn(status.error or f"{job.title} failed.")
    elif status.state != "done":
        out.warn(f"{job.title} is {status.state}.")
    if status.state != "done" and _goes_on(job):
        out.warn(f"`python -m pipeline resume {job.name}` goes on with it.")
    return status


def _goes_on(job: JobDir) -> bool:
    from pipeline.jobs.job_dirs import kind_of
    from pipeline.jobs.tasks import TASKS
    from pipeline.runs.resume import can_resume

    return TASKS[kind_of(job)].resumable and can_resume(job)


def _end_with_parent() -> None:
    """From now on this process ends once the one that started it is gone."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        os._exit(1)  # nobody waits for it, and what it writes it writes whole

    threading.Thread(target=look, name="parent", daemon=True).start()


def work_for_another(arguments, out: Output) -> int:
    from pipeline.errors import RunError
    from pipeline.jobs.job_worker import work
    from pipeline.jobs.tasks import TASKS, open_job

    if arguments.kind not in TASKS:
        raise RunError(f"There is no task {arguments.kind}.", f"The tasks are {', '.join(TASKS)}.")
    workspace, task = current_workspace(), TASKS[arguments.kind]
    job = open_job(arguments.kind, workspace.home / arguments.folder)
    os.nice(task.niceness)
    if task.request:
        _end_with_parent()
        status = work(job, workspace)
    elif task.breaks_off:
        with stop_on_signal(job, out, at_once=True):
            status = work(job, workspace, out.progress)
    else:
        status = work_here(job, workspace, out)
    out.answer({"state": status.state, "error": status.error}, f"{job.name}: {status.state}")
    return 0 if status.state == "done" else 1
