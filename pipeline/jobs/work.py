"""The whole work on one run in this process: wait for the device, train, evaluate, write the model."""

import os
import time
import traceback

from pipeline.errors import LesionLabError, RunError
from pipeline.jobs.queue import turn
from pipeline.jobs.reporter import Reporter
from pipeline.jobs.run_dir import RunDir
from pipeline.jobs.status import Status
from pipeline.progress import Cancelled, Progress, silent
from pipeline.training.device import describe
from pipeline.workspace import Workspace


def work(run: RunDir, workspace: Workspace, progress: Progress = silent) -> Status:
    """Works on a queued run until it has ended, and gives its final status; failures are written there in words.

    Raises:
        RunError: the run is not queued, or another process works on it.
    """
    before = run.status()
    if before.state != "queued" or before.pid is not None:
        raise RunError(f"The run {run.name} cannot be started: it is {before.state}.", "Start a new run.")
    reporter = Reporter(run, progress)
    device = describe()
    reporter.set(doing="Waits for the device.")

    def waiting(ahead: list[str]) -> None:
        reporter.say("Waits for " + ", ".join(ahead) + "." if ahead else "Waits for the device.")

    try:
        with turn(workspace, run, device.kind, reporter.stop_asked, waiting):
            reporter.set(state="running", started=time.time(), device=device.words)
            reporter.say("Loads fastai and the network.")
            # read when torch loads: threads that wait give way sooner, which is faster beside a busy browser
            os.environ.setdefault("GOMP_SPINCOUNT", "5000")
            from pipeline.training.train import train_and_judge

            train_and_judge(run, workspace, reporter, device)
        reporter.finish(state="done", fraction=1.0, doing="Done.")
    except Cancelled:
        reporter.finish(state="cancelled", doing="Stopped on request.")
    except LesionLabError as error:
        reporter.finish(state="failed", error=str(error), doing="Failed.")
    except Exception as error:  # noqa: BLE001  the job's edge: whatever happened is written down and said
        with run.log_path.open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        reporter.finish(
            state="failed", doing="Failed.",
            error=f"An unexpected error ended the run: {type(error).__name__}: {error}. "
            f"The details are in {run.log_path}.",
        )
    return run.status()
