"""A running app with a workspace of its own, and a page of a real browser that is open on it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"
_SECONDS_TO_START = 60


@dataclass(frozen=True)
class RunningApp:
    """Where the app answers, and the workspace that it was given."""

    url: str
    home: Path


def _chromium() -> str | None:
    """The browser that `make test` names, else one that is on the path."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in (named, "chromium", "chromium-browser", "google-chrome") if name)
    return next(filter(None, found), None)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait_for_health(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"The app ended at its start: {log.read_text()}")
        try:
            with urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"The app did not answer within {_SECONDS_TO_START} s: {log.read_text()}")


@pytest.fixture
def running_app(tmp_path) -> Iterator[RunningApp]:
    """The app as the README starts it, on a free port, on an empty workspace; it and its trainers end with the test."""
    home, log, port = tmp_path / "home", tmp_path / "app.log", _free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)],
            cwd=ROOT, env={**os.environ, "LESIONLAB_HOME": str(home)}, stdout=output, stderr=subprocess.STDOUT,
        )
    try:
        _wait_for_health(f"http://127.0.0.1:{port}", process, log)
        yield RunningApp(f"http://127.0.0.1:{port}", home)
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
    from pipeline.jobs.run_dir import list_runs
    from pipeline.workspace import Workspace

    for run in list_runs(Workspace(home)):
        if run.status().pid is not None:
            run.stop_path.touch()


@pytest.fixture
def page(running_app, request) -> Iterator[Page]:
    """A lecturer's screen (1366×768) open on the app's first page; what it showed last is kept as a picture."""
    chromium = _chromium()
    if chromium is None:
        pytest.skip("no Chromium here; `make test` installs it, or name one in the variable CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        try:
            opened = browser.new_page(viewport={"width": 1366, "height": 768})
            opened.set_default_timeout(30_000)
            opened.goto(running_app.url)
            yield opened
            SCREENSHOTS.mkdir(exist_ok=True)
            opened.screenshot(path=SCREENSHOTS / f"{request.node.name}-end.png", full_page=True)
        finally:
            browser.close()
