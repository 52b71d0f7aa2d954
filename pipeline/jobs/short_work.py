"""Short work: a task in a process of its own that ends with whoever started it, and whose folder goes with both."""

import contextlib
import subprocess
import weakref
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.data.left_behind import remove_temporary, temporary_folder
from pipeline.errors import JobError, MissingFileError, RunError
from pipeline.files.disk import read_json, write_json
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_dirs import Kind, ShortJob
from pipeline.jobs.launch import queue, start
from pipeline.jobs.tasks import TASKS


def _end(process: subprocess.Popen, folder: contextlib.ExitStack) -> None:
    process.terminate()
    process.wait()
    folder.close()


class ShortWork:
    """A task at work in a process of its own; it is ended, and its folder removed, once nobody holds this object.

    Args:
        request: what it is to do, a `request` of the task; the process gets it as a file, and checks it.
        bring: puts into the job's folder what else the process needs.

    Raises:
        WorkspaceError: the workspace cannot be written.
    """

    def __init__(self, workspace: Workspace, kind: Kind, request: Any, bring: Callable[[Path], Any] | None = None):
        self.request = request
        remove_temporary(workspace.create())
        with contextlib.ExitStack() as stack:
            self.job = ShortJob(stack.enter_context(temporary_folder(workspace, ".work-")), kind)
            if bring:
                bring(self.job.folder)
            queue(self.job, RunError("The work has begun."), lambda: write_json(self.job.request_path, asdict(request)))
            self._process = start(workspace, self.job)
            self._ending = weakref.finalize(self, _end, self._process, stack.pop_all())
        self._broke_off = TASKS[kind].broke_off

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def step(self) -> tuple[float, str]:
        """How far it is (0..1), and what it does now."""
        status = self.job.status()
        return status.fraction, status.doing

    def result(self) -> Any:
        """What the task gave, as JSON holds it; waits for its end.

        Raises:
            JobError: it was refused or broke off; the sentence says why.
            WorkspaceError: its answer cannot be read.
        """
        code = self._process.wait()
        with contextlib.suppress(MissingFileError):  # it was cancelled
            status = self.job.status()
            if status.state == "done":
                return read_json(self.job.answer_path)
            if status.error:
                raise JobError(status.error)
        problem, next_step = self._broke_off
        raise JobError(f"{problem}: its process ended with code {code}.", next_step)

    def cancel(self) -> None:
        """Ends the work; it leaves nothing behind."""
        self._ending()

