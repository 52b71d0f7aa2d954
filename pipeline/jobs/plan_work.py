"""Short work: a command in a process of its own, watched by its output, ended at any moment."""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.errors import TrainingError
from pipeline.files import disk_errors
from pipeline.jobs.processes import start_pipeline
from pipeline.workspace import Workspace

STEP = "{percent:3.0f} %  {sentence}"  # how the commands say on stderr where they stand
_STEP = re.compile(r"^ *(\d+) %  (.+)$", re.MULTILINE)


def _nameless_file() -> BinaryIO:
    """A file that goes with its last reader, however that ends."""
    return tempfile.TemporaryFile("w+b")


class ShortWork:
    """A running `python -m pipeline ARGUMENTS`, which ends with whoever started it.

    Args:
        arguments: those of a command with `--json`.

    Attributes:
        failure: what to say where it broke off without a sentence: the problem, and the next step.
    """

    failure: tuple[str, str]

    def __init__(self, workspace: Workspace, arguments: list[str]):
        with disk_errors(Path(tempfile.gettempdir())):
            self._answer, self._steps = _nameless_file(), _nameless_file()
        self._process = start_pipeline(workspace, arguments, self._answer, self._steps, outlives=False)

    def _read(self, file: BinaryIO) -> str:
        # not read(): the process writes at the same position, which it shares
        return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode("utf-8", "replace")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def step(self) -> tuple[float, str]:
        """How far it is (0..1), and what it does now."""
        steps = _STEP.findall(self._read(self._steps))
        percent, sentence = steps[-1] if steps else ("0", "Starts.")
        return int(percent) / 100, sentence

    def result(self) -> dict[str, Any]:
        """What the command answered with `--json`.

        Raises:
            TrainingError: it was refused or broke off; the sentence says why.
        """
        code = self._process.wait()
        try:
            answer = json.loads(self._read(self._answer))
        except ValueError:
            answer = {}
        if code == 0 and answer:
            return answer
        if "error" in answer:
            raise TrainingError(answer["error"])
        problem, next_step = self.failure  # not what it wrote: a library may quote there what a file holds
        raise TrainingError(f"{problem}: its process ended with code {code}.", next_step)

    def cancel(self) -> None:
        """Ends the work; it leaves nothing behind."""
        self._process.terminate()
        self._process.wait()


class PlanWork(ShortWork):
    """Short work about one configuration.

    Args:
        data, preset, settings, start: as `runs.plan.plan_config` takes them.
        more: further arguments of the command.

    Attributes:
        command: its name.
    """

    command: str

    def __init__(
        self, workspace: Workspace, data: str, preset: str, settings: list[str], start: str | None = None,
        more: tuple[str, ...] = (),
    ):
        arguments = [self.command, "--data", data, "--preset", preset, "--json", *more]
        arguments += ["--from", start] if start else []
        for setting in settings:
            arguments += ["--set", setting]
        super().__init__(workspace, arguments)
