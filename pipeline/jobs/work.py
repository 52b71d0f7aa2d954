"""The whole work on one run in this process: wait for the device, train or go on, evaluate, write the model."""

import os
import traceback
from collections.abc import Callable

from pipeline.errors import LesionLabError, RunError
from pipeline.jobs.loading import stops_while_loading
from pipeline.jobs.queue import hold_device
from pipeline.locks import file_lock
from pipeline.networks.device import Device, describe
from pipeline.progress import Cancelled, Progress, silent
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import Status, just_started
from pipeline.workspace import Workspace

Task = Callable[[RunDir, Workspace, Reporter, Device], None]


def _training() -> Task:
    from pipeline.training.train import train_and_judge

    return train_and_judge


def _search() -> Task:
    from pipeline.training.lr_finder import find_rates

    return find_rates


def _evaluation() -> Task:
    from pipeline.inference.predict_data_set import predict_data_set

    return predict_data_set


def _task(run: RunDir, search: bool) -> Task:
    if search:
        return _search()
    return _evaluation() if run.evaluation() else _training()


def work(run: RunDir, workspace: Workspace, progress: Progress = silent, search: bool = False) -> Status:
    """Works on a queued run until it has ended, and gives its final status; failures are written there in words.

    Args:
        search: it is a learning-rate search, not a training.

    Raises:
        RunError: the run is not queued, or another process works on it.
    """
    reporter = _take(run, progress)
    if reporter is None:
        return run.status()
    device = describe()

    def waiting(ahead: list[str]) -> None:
        reporter.say("Waits for " + ", ".join(ahead) + "." if ahead else "Waits for the device.")

    try:
        with hold_device(workspace, run, device.kind, reporter.stop_asked, waiting):
            reporter.set(**just_started(), device=device.words)
            reporter.say("Loads the network." if run.evaluation() else "Loads fastai and the network.")
            # read when torch loads: threads that wait give way sooner, which is faster beside a busy browser
            os.environ.setdefault("GOMP_SPINCOUNT", "5000")
            with stops_while_loading(reporter.stop_asked):
                _task(run, search)(run, workspace, reporter, device)
        reporter.finish(state="done", fraction=1.0, doing="Done.")
        for path in (run.resume_path, run.start_weights):
            path.unlink(missing_ok=True)
    except Cancelled:
        reporter.finish(state="cancelled", doing="Stopped on request.")
    except LesionLabError as error:
        words = f"{error.problem} {error.next_step}".strip()  # fastai adds its own to str(error)
        reporter.finish(state="failed", error=words, doing="Failed.")
    except Exception as error:  # noqa: BLE001  the job's edge: whatever happened is written down and said
        with run.log_path.open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        reporter.finish(
            state="failed", doing="Failed.",
            error=f"An unexpected error ended the run: {type(error).__name__}. "
            f"The details are in {run.log_path}.",
        )
    return run.status()


def _take(run: RunDir, progress: Progress) -> Reporter | None:
    """Makes this process the one that works on the queued run; None where that was stopped before it got here."""
    with file_lock(run.lock_path, silent, "Another process takes the run."):
        before = run.status()
        if before.state == "cancelled" and before.started is None:
            return None
        if before.state != "queued" or before.pid not in (None, os.getpid()):
            raise RunError(f"The run {run.name} cannot be started: it is {before.state}.", "Start a new run.")
        for left in (*run.folder.glob(".*"), *run.checkpoints.glob(".*"), *run.model.glob(".*")):
            left.unlink()  # what a killed trainer left of a file that it was writing
        reporter = Reporter(run, progress)
        reporter.set(doing="Waits for the device.")
    return reporter
