"""The time estimate as the app asks for it: a process of its own, watched by its output, ended at any moment."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.errors import TrainingError
from pipeline.files import disk_errors
from pipeline.workspace import Workspace

_PROJECT = Path(__file__).resolve().parents[2]
_STEP = re.compile(r"^ *(\d+) %  (.+)$", re.MULTILINE)  # as pipeline.commands.estimate says them


def _nameless_file() -> BinaryIO:
    """A file that goes with its last reader, however that ends."""
    return tempfile.TemporaryFile("w+b")


class Estimating:
    """A running measurement of one configuration.

    Args:
        data, preset, settings, start: as `jobs.plan.plan_config` takes them.
    """

    def __init__(self, workspace: Workspace, data: str, preset: str, settings: list[str], start: str | None = None):
        command = [sys.executable, "-m", "pipeline", "estimate", "--data", data, "--preset", preset, "--json"]
        command += ["--from", start] if start else []
        for setting in settings:
            command += ["--set", setting]
        with disk_errors(Path(tempfile.gettempdir())):
            self._answer, self._steps = _nameless_file(), _nameless_file()
        self._process = subprocess.Popen(
            command, cwd=_PROJECT, env={**os.environ, "LESIONLAB_HOME": str(workspace.home)},
            stdin=subprocess.DEVNULL, stdout=self._answer, stderr=self._steps,
        )

    def _read(self, file) -> str:
        return os.pread(file.fileno(), 1_000_000, 0).decode("utf-8", "replace")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def step(self) -> tuple[float, str]:
        """How far it is (0..1), and what it does now."""
        steps = _STEP.findall(self._read(self._steps))
        percent, sentence = steps[-1] if steps else ("0", "Starts.")
        return int(percent) / 100, sentence

    def result(self) -> dict[str, Any]:
        """What `python -m pipeline estimate --json` answered: an `Estimate`, and `beside`, the runs then at work.

        Raises:
            TrainingError: it could not be measured; the sentence says why.
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
        lines = [line for line in self._read(self._steps).splitlines() if line.strip() and not _STEP.match(line)]
        reason = lines[-1].strip() if lines else f"its process ended with code {code}"
        raise TrainingError(
            f"The time could not be estimated: {reason.rstrip('.')}.", "The run itself can be started all the same."
        )

    def cancel(self) -> None:
        """Ends the measurement; it leaves nothing behind."""
        self._process.terminate()
        self._process.wait()
