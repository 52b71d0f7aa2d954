"""A process that is started for a run or a fetch: its number is known at once, and so is its end."""

import os
import signal
import subprocess

import psutil
import pytest

from pipeline.configuration.presets import preset
from pipeline.data.sources.catalogue import SOURCES
from pipeline.errors import RunError
from pipeline.jobs.fetching import start_fetch
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import resume_run, start_run
from pipeline.runs.status import read_status, write_status
from tests.waiting import wait_until

CONFIG = preset("demo").for_data("tiny", "hash")


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    psutil.Process(pid).wait(10)


@pytest.fixture
def halted(monkeypatch):
    """Processes of this project are started, and do nothing."""
    start = subprocess.Popen
    monkeypatch.setattr("pipeline.jobs.launch.subprocess.Popen", lambda arguments, **more: start(
        ["sleep", "60"], **more))


def test_a_trainer_that_is_killed_before_it_wrote_anything_was_interrupted(workspace, halted):
    run = start_run(workspace, CONFIG)
    status = run.status()
    assert status.state == "queued" and psutil.pid_exists(status.pid)
    with pytest.raises(RunError, match="cannot be started: it is queued"):
        work(run, workspace)  # another process
    _kill(status.pid)
    assert run.status().state == "interrupted"
    resume_run(workspace, run)
    assert run.status().state == "queued" and run.status().pid != status.pid
    _kill(run.status().pid)


def test_a_fetch_that_is_killed_before_it_wrote_anything_was_interrupted(workspace, halted):
    fetch = start_fetch(workspace, next(iter(SOURCES.values())), "some")
    assert fetch.status().state == "queued"
    _kill(fetch.status().pid)
    assert fetch.status().state == "interrupted"


def test_how_a_quick_process_ended_is_not_overwritten_by_its_starter(workspace, monkeypatch):
    from pipeline.jobs import launch

    def start_and_end(workspace, arguments, stdout, stderr, outlives):
        path = workspace.home / arguments[2] / "status.json"
        write_status(path, launch.replace(read_status(path), state="failed", error="No images."))
        return psutil.Process()

    monkeypatch.setattr("pipeline.jobs.launch.start_pipeline", start_and_end)
    assert start_run(workspace, CONFIG).status().state == "failed"


def test_the_process_itself_takes_its_run(workspace):
    run = start_run(workspace, CONFIG)
    wait_until(lambda: run.status().state == "failed", 60)
    assert "There is no data set named tiny" in run.status().error
