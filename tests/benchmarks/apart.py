"""A side of a benchmark in a process of its own, which does one task after another: what it sets for its process (to
keep freed memory, how threads wait), the other side never has, and neither pays for a start at each round.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# a run's process waits so too: see pipeline/jobs/work.py
AS_A_RUN = {"GOMP_SPINCOUNT": "5000"}


class Apart:
    """Asks a module's process for one task after another; a context that begins once the process has loaded what it
    needs, and at whose end the process and its workers end.

    Args:
        module: gives `serve` its function when it is run with `--tasks`.
        environment: variables beside those of this process.
    """

    def __init__(self, module: str, environment: dict[str, str]):
        self._module, self._environment = module, {**os.environ, **environment}

    def __enter__(self) -> "Apart":
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", self._module, "--tasks"], cwd=ROOT, env=self._environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )
        self._answer("its start")
        return self

    def ask(self, **task) -> dict:
        """What the module's function says of `task`.

        Raises:
            RuntimeError: the process ended; why stands on stderr.
        """
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return self._answer(str(task))

    def _answer(self, to: str) -> dict:
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._module} ended with {self._process.wait()} at {to}.")
        return json.loads(answer)

    def __exit__(self, *_) -> None:
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


def serve(work_on: Callable[[dict], dict]) -> None:
    """Answers each line of stdin, a task, with a line of stdout; what else is printed goes to stderr."""
    answers, sys.stdout = sys.stdout, sys.stderr
    print("{}", file=answers, flush=True)  # it is ready
    for line in sys.stdin:
        print(json.dumps(work_on(json.loads(line))), file=answers, flush=True)
