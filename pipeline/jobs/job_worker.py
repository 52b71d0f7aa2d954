"""A job's whole work in this process: taken, waited for its turn, done or ended, and told to everybody who watches."""

import contextlib
import importlib.abc
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator

from pipeline.errors import LesionLabError, RunError
from pipeline.files.disk import write_json
from pipeline.files.locks import file_lock
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_dirs import kind_of
from pipeline.jobs.queue import hold_device
from pipeline.jobs.tasks import TASKS, AtWork, Task, read_request
from pipeline.networks.device import Device, describe
from pipeline.progress import Cancelled, Progress, silent
from pipeline.runs.boot import node
from pipeline.runs.job_dir import JobDir
from pipeline.runs.reporter import Reporter
from pipeline.runs.status import Status, just_started

_SECONDS_BETWEEN_LOOKS = 0.2


def work(job: JobDir, workspace: Workspace, progress: Progress = silent) -> Status:
    """Works on a queued job until it has ended, and gives its final status; failures are written there in words.

    Raises:
        RunError: the job is not queued, or another process works on it.
        MissingFileError, WorkspaceError: it is a run's, and its configuration cannot be read.
        KeyboardInterrupt: the process was to leave at once.
    """
    task = TASKS[kind_of(job)]
    reporter = _take(job, task, progress)
    if reporter is None:
        return job.status()
    try:
        with reporter.heartbeat(), _turn(job, workspace, task, reporter) as device:
            reporter.set(**just_started(), **({"device": device.words} if device else {}))
            reporter.say(task.loading)
            # read when torch loads: threads that wait give way sooner, which is faster beside a busy browser
            os.environ.setdefault("GOMP_SPINCOUNT", "5000")
            with stops_while_loading(reporter.stop_asked):
                answer = task.run(AtWork(job, workspace, reporter, device, read_request(job, task)))
            if task.request:
                write_json(job.answer_path, answer)
        reporter.finish(state="done", fraction=1.0, doing="Done.")
        task.tidy(job)
    except Cancelled:
        reporter.finish(state="cancelled", doing=task.stopped)
    except KeyboardInterrupt:
        if task.breaks_off:
            reporter.finish(state="cancelled", doing=task.stopped)
        raise
    except LesionLabError as error:
        words = f"{error.problem} {error.next_step}".strip()  # fastai adds its own to str(error)
        reporter.finish(state="failed", error=words, doing="Failed.")
    except Exception as error:  # noqa: BLE001  the job's edge: whatever happened is written down and said
        with job.log_path.open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        reporter.finish(state="failed", error=_unforeseen(job, task, error), doing="Failed.")
    return job.status()


def _unforeseen(job: JobDir, task: Task, error: Exception) -> str:
    """Only the error's kind: its text may quote what a file holds. Short work's log goes with its folder."""
    kind = type(error).__name__
    if task.request:
        problem, next_step = task.broke_off
        return f"{problem}: an unexpected error ended it, {kind}. {next_step}"
    return f"An unexpected error ended it: {kind}. The details are in {job.log_path}."


def _take(job: JobDir, task: Task, progress: Progress) -> Reporter | None:
    """Makes this process the one that works on the queued job; None where that was stopped before it got here."""
    with file_lock(job.lock_path, silent, "Another process takes the job."):
        before = job.status()
        if before.state == "cancelled" and before.started is None:
            return None
        mine = before.pid is None or (before.pid == os.getpid() and before.node in (None, node()))
        if before.state != "queued" or not mine:
            raise RunError(f"{job.title} cannot be started: it is {before.state}.", "Start a new one.")
        for left in (path for folder in job.writes_in for path in folder.glob(".*")):
            left.unlink()  # what a killed process left of a file that it was writing
        reporter = Reporter(job, progress)
        reporter.set(doing="Waits for the device." if task.holds_device else task.loading)
    return reporter


@contextlib.contextmanager
def _turn(job: JobDir, workspace: Workspace, task: Task, reporter: Reporter) -> Iterator[Device | None]:
    """Waits for the device, and holds it; no device for a task that needs none."""
    if not task.holds_device:
        yield None
        return

    def waiting(ahead: list[str]) -> None:
        reporter.say("Waits for " + ", ".join(ahead) + "." if ahead else "Waits for the device.")

    device = describe()
    with hold_device(workspace, job, device.kind, reporter.stop_asked, waiting):
        yield device


class _AsksFirst(importlib.abc.MetaPathFinder):
    """Finds no module, but is asked for each one that this thread imports, and refuses once a stop was asked for."""

    def __init__(self, stop_asked: Callable[[], bool]):
        self._stop_asked, self._looked, self.stopped = stop_asked, -_SECONDS_BETWEEN_LOOKS, False
        self._owner = os.getpid(), threading.get_ident()

    def find_spec(self, fullname, path=None, target=None):
        if (os.getpid(), threading.get_ident()) != self._owner:
            return None
        if time.monotonic() - self._looked > _SECONDS_BETWEEN_LOOKS:
            self._looked, self.stopped = time.monotonic(), self._stop_asked()
        if self.stopped:  # again and again: a library may catch the first
            raise Cancelled()
        return None


@contextlib.contextmanager
def stops_while_loading(stop_asked: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, importing a module that is not loaded yet raises Cancelled once `stop_asked()` is true.

    Libraries take seconds to load, or many on a busy computer. One that was cut short is not loaded; a process that
    goes on afterwards loads it again, or needs it no more.
    """
    finder = _AsksFirst(stop_asked)
    sys.meta_path.insert(0, finder)
    try:
        yield
    except Cancelled:
        raise
    except Exception as error:
        if finder.stopped:  # what a library made of it
            raise Cancelled() from error
        raise
    finally:
        sys.meta_path.remove(finder)
