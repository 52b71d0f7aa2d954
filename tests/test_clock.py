"""A clock that is set while runs wait and work: nothing is shown that is not so, and nothing is started twice."""

import dataclasses
import json
import os
import time

import psutil
import pytest

from pipeline.configuration.presets import preset
from pipeline.data.sources.catalogue import SOURCES
from pipeline.errors import DataError, RunError
from pipeline.files.workspace import Workspace
from pipeline.jobs.fetching import list_fetches, start_fetch
from pipeline.jobs.job_dirs import embedding_job
from pipeline.jobs.queue import ahead_of
from pipeline.runs import boot
from pipeline.runs.reporter import Reporter
from pipeline.runs.resume import requeue
from pipeline.runs.run_dir import RunDir, create_run
from pipeline.runs.status import (
    Status,
    believed,
    just_queued,
    just_started,
    process_identity,
    process_lives,
    read_status,
    write_status,
)

CONFIG = preset("demo").for_data("tiny", "hash")
STEPS = (1.5, -1.5, 3600.0, -3600.0, 40 * 365 * 86400.0)

pytestmark = pytest.mark.skipif(boot.boot_id() is None, reason="this system does not name its boots")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def run(workspace) -> RunDir:
    return create_run(workspace, CONFIG, {})


@pytest.fixture
def set_clock(monkeypatch):
    """Sets the clock ahead by so many seconds, as the system does: psutil's creation times move with it."""
    now, created = time.time, psutil.Process.create_time

    def ahead(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now() + seconds)
        monkeypatch.setattr(psutil.Process, "create_time", lambda process: created(process) + seconds)

    return ahead


@pytest.fixture
def later(monkeypatch):
    """Lets so many seconds go by on both clocks."""
    now, up = time.time, boot.uptime

    def go_by(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now() + seconds)
        monkeypatch.setattr("pipeline.runs.status.uptime", lambda: up() + seconds)

    return go_by


@pytest.mark.parametrize("seconds", STEPS)
def test_a_living_trainer_goes_on_running_and_no_second_one_starts(run, set_clock, seconds):
    Reporter(run).set(**just_started())
    set_clock(seconds)
    status = run.status()
    assert (status.state, status.pid) == ("running", os.getpid()) and 0 <= status.seconds < 60
    with pytest.raises(RunError, match="is running already"):
        requeue(run)


@pytest.mark.parametrize("seconds", STEPS)
def test_a_living_fetch_and_a_living_embedding_go_on_running(workspace, run, set_clock, seconds):
    source = next(iter(SOURCES.values()))
    folder = workspace.home / ".downloads" / source.id
    folder.mkdir(parents=True)
    (folder / "fetch.json").write_text(json.dumps({"name": "some"}))
    embedding_job(run).folder.mkdir()
    for path in (folder / "status.json", embedding_job(run).status_path):
        write_status(path, just_queued(**just_started(), **process_identity()))
    set_clock(seconds)
    assert [fetch.status().state for fetch in list_fetches(workspace)] == ["running"]
    with pytest.raises(DataError, match="is being fetched already"):
        start_fetch(workspace, source, "some")
    assert embedding_job(run).status().state == "running"


@pytest.mark.parametrize("seconds", STEPS)
def test_a_run_that_was_just_queued_waits_for_its_trainer_and_not_for_ever(run, set_clock, monkeypatch, seconds):
    set_clock(seconds)
    assert run.status().state == "queued"
    up = boot.uptime()
    monkeypatch.setattr("pipeline.runs.status.uptime", lambda: up + 120)
    assert run.status().state == "interrupted"


def test_what_another_boot_queued_or_worked_on_was_interrupted(run):
    stored = dataclasses.replace(run.status(), boot="another boot")
    assert believed(stored, lives=False).state == "interrupted"
    identity = process_identity()
    ticks = identity["pid_born"].rpartition(" ")[2]
    assert not process_lives(**{**identity, "pid_born": f"another-boot {ticks}"})


def test_the_queue_keeps_its_order_when_the_clock_is_set_back(workspace, run, set_clock):
    set_clock(-3600)
    second = create_run(workspace, CONFIG, {})
    assert second.status().waits_since < run.status().waits_since
    assert ahead_of(workspace, run) == [] and ahead_of(workspace, second) == [run]


def test_a_run_queued_by_an_earlier_version_comes_before_new_ones(workspace, run):
    old = create_run(workspace, CONFIG, {})
    write_status(old.status_path, Status("queued", time.time(), **process_identity()))
    assert ahead_of(workspace, old) == [] and ahead_of(workspace, run) == [old]


@pytest.mark.parametrize("seconds", STEPS)
@pytest.mark.parametrize("state", ["done", "cancelled", "failed"])
def test_seconds_are_those_of_the_work(run, set_clock, later, state, seconds):
    reporter = Reporter(run)
    reporter.set(**just_started())
    set_clock(seconds)
    reporter.finish(state=state)
    assert 0 <= run.status().seconds < 10
    assert 0 <= read_status(run.status_path).worked < 10


def test_an_interrupted_run_has_worked_until_its_last_word(run, set_clock):
    Reporter(run).set(**just_started())
    stored = json.loads(run.status_path.read_text())
    run.status_path.write_text(json.dumps({**stored, "worked": 12.0, "pid": 2**22 + 1, "pid_born": None}))
    set_clock(-3600)
    assert (run.status().state, run.status().seconds) == ("interrupted", 12.0)


def test_a_status_of_an_earlier_version_is_believed_by_its_creation_time():
    identity = {**process_identity(), "pid_born": None}
    assert process_lives(**identity)
    assert not process_lives(identity["pid"], identity["pid_created"] - 100)


@pytest.mark.parametrize("seconds", [-3600.0, -1.0])
def test_seconds_of_an_earlier_versions_run_are_never_negative(seconds):
    now = time.time()
    assert Status("done", now, started=now, ended=now + seconds).seconds == 0
    assert Status("running", now, started=now - seconds).seconds == 0


def test_where_the_system_names_no_boot_times_since_1970_have_to_do(run, monkeypatch):
    monkeypatch.setattr("pipeline.runs.boot.boot_id", lambda: None)
    monkeypatch.setattr("pipeline.runs.status.boot_id", lambda: None)
    reporter = Reporter(create_run(Workspace(run.folder), CONFIG, {}))
    assert reporter.status.pid_born is None and reporter.job.status().state == "queued"
    reporter.set(**just_started())
    assert reporter.job.status().state == "running" and reporter.job.status().seconds >= 0
    reporter.finish(state="done")
    assert 0 <= reporter.job.status().seconds < 10


def test_a_process_is_as_old_as_it_is(set_clock):
    age = boot.process_age()
    set_clock(-3600)
    assert age <= boot.process_age() < age + 10
