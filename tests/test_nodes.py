"""Who works on a job, and where: on this node its process is looked at, on another the heartbeat of its status."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipeline.configuration.presets import preset
from pipeline.errors import RunError
from pipeline.files.workspace import Workspace
from pipeline.jobs.queue import ahead_of, hold_device
from pipeline.progress import Cancelled
from pipeline.runs import boot, reporter
from pipeline.runs.reporter import Reporter
from pipeline.runs.resume import requeue
from pipeline.runs.run_dir import RunDir, create_run
from pipeline.runs.status import HEARTBEAT, just_started, read_status, stored_status, works_here, write_status
from tests.waiting import wait_until

CONFIG = preset("demo").for_data("tiny", "hash")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def on_node(monkeypatch):
    """From now on this process is one of the node of that name."""
    return lambda name: monkeypatch.setenv("LESIONLAB_NODE", name)


@pytest.fixture
def run(workspace, on_node) -> RunDir:
    """A run at which this process is at work, on the node `first`."""
    on_node("first")
    run = create_run(workspace, CONFIG, {})
    Reporter(run).set(**just_started())
    return run


def _silent_for(run: RunDir, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(run.status_path, (moment, moment))


def test_a_node_is_named_by_the_environment_else_by_host_and_boot(monkeypatch):
    monkeypatch.setenv("LESIONLAB_NODE", "rack-7")
    assert boot.node() == boot.host() == "rack-7"
    monkeypatch.delenv("LESIONLAB_NODE")
    monkeypatch.setattr("socket.gethostname", lambda: "ward")
    monkeypatch.setattr(boot, "boot_id", lambda: "some-boot")
    assert (boot.node(), boot.host()) == ("ward some-boot", "ward")
    monkeypatch.setattr(boot, "boot_id", lambda: None)
    assert boot.node() == "ward"


def test_the_status_names_the_node_and_promises_a_heartbeat(run):
    stored = json.loads(run.status_path.read_text())
    assert (stored["node"], stored["heartbeat"], stored["pid"]) == ("first", HEARTBEAT, os.getpid())


def test_on_its_own_node_a_process_is_believed_while_it_lives_whatever_the_heartbeat(run):
    _silent_for(run, 10_000)
    assert run.status().state == "running" and works_here(run.status())
    write_status(run.status_path, dataclasses.replace(run.status(), pid=2**22 + 1))
    assert run.status().state == "interrupted"


def test_on_its_own_node_a_zombie_is_dead(run):
    child = subprocess.Popen([sys.executable, "-c", ""])
    wait_until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
    write_status(run.status_path, dataclasses.replace(stored_status(run.status_path), pid=child.pid, pid_born=None,
                                                      pid_created=psutil.Process(child.pid).create_time()))
    assert run.status().state == "interrupted"
    child.wait()


def test_on_another_node_a_process_is_believed_while_its_heart_beats(run, on_node):
    on_node("second")
    write_status(run.status_path, dataclasses.replace(stored_status(run.status_path), pid=2**22 + 1))
    assert run.status().state == "running" and not works_here(run.status())
    with pytest.raises(RunError, match="is running already"):
        requeue(run)
    _silent_for(run, 11 * HEARTBEAT)
    assert run.status().state == "running"
    _silent_for(run, 13 * HEARTBEAT)
    status = run.status()
    assert (status.state, status.pid) == ("interrupted", None)
    assert status.ended == pytest.approx(time.time() - 13 * HEARTBEAT, abs=5)


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0, 40 * 365 * 86400.0])
def test_a_clock_that_is_set_on_the_reader_does_not_matter(run, on_node, monkeypatch, seconds):
    on_node("second")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + seconds)
    assert run.status().state == "running"
    monkeypatch.undo()
    on_node("second")
    _silent_for(run, 13 * HEARTBEAT)
    monkeypatch.setattr(time, "time", lambda: now() + seconds)
    assert run.status().state == "interrupted"


def test_a_file_system_whose_clock_was_set_back_keeps_nobody_alive(run, on_node):
    on_node("second")
    _silent_for(run, -3600)
    assert run.status().state == "interrupted"


@pytest.mark.parametrize("silent", [0, 50, 70])
def test_what_another_node_has_queued_waits_a_minute_for_its_process(workspace, on_node, silent):
    on_node("first")
    run = create_run(workspace, CONFIG, {})
    on_node("second")
    _silent_for(run, silent)
    assert run.status().state == ("queued" if silent < 60 else "interrupted")


def test_the_heart_beats_through_a_long_step(run, on_node, monkeypatch):
    monkeypatch.setattr(reporter, "HEARTBEAT", 0.3)
    monkeypatch.setattr(reporter, "_SECONDS_BETWEEN_WRITES", 0.1)
    at_work = Reporter(run)
    content = run.status_path.read_bytes()
    with at_work.heartbeat():
        _silent_for(run, 10_000)
        wait_until(lambda: time.time() - run.status_path.stat().st_mtime < 100, 10)
        assert run.status_path.read_bytes() == content
    _silent_for(run, 10_000)
    time.sleep(0.6)
    assert time.time() - run.status_path.stat().st_mtime > 9_000  # nobody is at work any more


def test_what_was_said_in_haste_is_written_by_the_next_heartbeat(run):
    at_work = Reporter(run)
    with at_work.heartbeat():
        at_work.set(doing="One.")
        at_work.whole(0.5, "Two.")
        assert read_status(run.status_path).doing == "One."
        wait_until(lambda: (run.status().doing, run.status().fraction) == ("Two.", 0.5), 10)


def test_a_process_whose_job_another_node_has_taken_over_ends_and_writes_no_more(run, on_node, monkeypatch):
    """As when a laptop slept, or its disk was away for minutes."""
    monkeypatch.setattr(reporter, "HEARTBEAT", 0.2)
    monkeypatch.setattr(reporter, "_SECONDS_BETWEEN_WRITES", 0.1)
    first = Reporter(run)
    with first.heartbeat():
        on_node("second")
        _silent_for(run, 13 * HEARTBEAT)  # between two beats
        requeue(run)
        second = Reporter(run)
        second.set(**just_started())
        wait_until(first.stop_asked, 10)
        with pytest.raises(Cancelled):
            first.watch(None, "Goes on.")
        first.finish(state="cancelled")
    stored = stored_status(run.status_path)
    assert (stored.state, stored.node) == ("running", "second") and not second.stop_asked()


def test_each_node_has_a_queue_of_its_own(workspace, run, on_node):
    on_node("second")
    other = create_run(workspace, CONFIG, {})
    assert ahead_of(workspace, other) == []
    with hold_device(workspace, run, "cpu", lambda: False, print):
        on_node("first")
        third = create_run(workspace, CONFIG, {})
        assert ahead_of(workspace, third) == [run]


TRAINER = """
import sys, time
from pathlib import Path
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import just_started
at_work = Reporter(RunDir(Path(sys.argv[1])))
at_work.set(**just_started())
with at_work.heartbeat():
    print("works", flush=True)
    time.sleep(60)
"""


def test_a_trainer_of_another_node_lives_and_is_killed(workspace, on_node):
    on_node("first")
    run = create_run(workspace, CONFIG, {})
    child = subprocess.Popen([sys.executable, "-c", TRAINER, run.folder], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "LESIONLAB_NODE": "second"})
    with child:
        assert child.stdout.readline() == "works\n"
        _silent_for(run, 10_000)
        wait_until(lambda: run.status().state == "running", 15)  # its heart has beaten
        child.kill()
    assert run.status().state == "running"  # nobody here can know better
    _silent_for(run, 13 * HEARTBEAT)
    assert run.status().state == "interrupted"


def test_a_status_from_before_nodes_is_one_of_this_computer(run, on_node):
    stored = {key: value for key, value in json.loads(run.status_path.read_text()).items()
              if key not in ("node", "heartbeat")}
    run.status_path.write_text(json.dumps(stored))
    on_node("second")
    _silent_for(run, 10_000)
    assert run.status().state == "running" and run.status().here
