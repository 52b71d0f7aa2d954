"""The app as the README starts it, in a process of its own, on a workspace and a port of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import list_runs

ROOT = Path(__file__).resolve().parents[2]
_SECONDS_TO_START = 60


@dataclass(frozen=True)
class RunningApp:
    """Where the app answers, the workspace that it was given, and the id of its process."""

    url: str
    home: Path
    pid: int

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.home)


def free_port() -> int:
    """One that nobody on this computer has now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait_for_health(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The app ended at its start: {log.read_text()}")
        try:
            with urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.05)
    raise RuntimeError(f"The app did not answer within {_SECONDS_TO_START} s: {log.read_text()}")


@contextlib.contextmanager
def serve(
    home: Path, log: Path, script: str = "app/main.py", *, options: tuple[str, ...] = (), host: str = "127.0.0.1",
    environment: Mapping[str, str] | None = None, port: int | None = None,
) -> Iterator[RunningApp]:
    """The app on the workspace `home` for the length of the block; it and its trainers end with it.

    Args:
        options: of the command line, besides the port.
        host: where it answers, by these options.
        environment: what its process knows beside this one's.
        port: that it answers on; by default a free one.

    Raises:
        RuntimeError: it did not start; with what it wrote into `log`.
    """
    port = port or free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), *options],
            cwd=ROOT, env={**os.environ, "LESIONLAB_HOME": str(home), **(environment or {})}, stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://{host}:{port}"
        _wait_for_health(url, process, log)
        yield RunningApp(url, home, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _stop_trainers(home)


def _stop_trainers(home: Path) -> None:
    """A trainer outlives the app by design, so a failed test must end what it started."""
    for run in list_runs(Workspace(home)):
        if run.status().pid is not None:
            run.stop_path.touch()
