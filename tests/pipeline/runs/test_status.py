"""A run's status, events and directory when processes die, files are cut short, and names are taken."""

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
from pipeline.errors import RunError, WorkspaceError
from pipeline.files.workspace import Workspace
from pipeline.runs.events import EventLog, read_events
from pipeline.runs.run_dir import create_run, find_run, list_runs
from pipeline.runs.status import Status, believed, process_identity, process_lives, read_status, write_status

CONFIG = preset("demo").for_data("tiny", "hash")
BATCH = {"stage": 1, "epoch": 1, "lr": 1e-3}


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def run(workspace):
    return create_run(workspace, CONFIG, {"torch": "0"})


@pytest.fixture
def zombie():
    """Pid and creation time of a process that has ended but was not waited for."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    created = psutil.Process(child.pid).create_time()
    child.stdin.close()
    deadline = time.time() + 20
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.time() < deadline, "the child did not end"
        time.sleep(0.02)
    yield child.pid, created
    child.wait()


def _gone():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_this_process_lives():
    identity = process_identity()
    assert identity["pid"] == os.getpid()
    assert process_lives(**identity)


def test_a_reused_number_is_another_process():
    identity = process_identity()
    assert not process_lives(identity["pid"], identity["pid_created"] - 100)


def test_a_zombie_is_dead(zombie):
    assert not process_lives(*zombie)


def test_no_process_and_a_process_that_is_gone_are_dead():
    assert not process_lives(None, None)
    assert not process_lives(_gone(), None)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_whose_process_is_gone_was_interrupted(run, state):
    write_status(run.status_path, Status(state, 1.0, pid=_gone(), pid_created=1.0, started=2.0, seconds_left=9.0))
    os.utime(run.status_path, (50, 50))
    status = run.status()
    assert (status.state, status.pid, status.seconds_left) == ("interrupted", None, None)
    assert status.seconds == 48  # up to when its trainer last wrote


def test_a_run_whose_pid_was_reused_was_interrupted(run):
    write_status(run.status_path, Status("running", 1.0, pid=os.getpid(), pid_created=1.0, started=2.0))
    assert run.status().state == "interrupted"


def test_a_running_run_is_believed_while_its_process_lives(run):
    stored = Status("running", 1.0, **process_identity(), started=2.0, fraction=0.5, notes=("a", "b"))
    write_status(run.status_path, stored)
    assert run.status() == stored


def test_a_run_that_was_just_created_waits_for_its_trainer_but_not_for_ever():
    fresh = Status("queued", created=time.time())
    assert believed(fresh, lives=False) == fresh
    assert believed(Status("queued", created=time.time() - 3600), lives=False).state == "interrupted"


@pytest.mark.parametrize("state", ["done", "failed", "cancelled", "interrupted"])
def test_an_ended_run_stays_as_it_ended_and_has_no_process(run, state):
    write_status(run.status_path, Status(state, 1.0, **process_identity(), started=2.0, ended=7.0))
    status = run.status()
    assert (status.state, status.pid, status.pid_created, status.seconds) == (state, None, None, 5.0)


def test_seconds_are_undefined_before_the_start_and_grow_until_the_end():
    assert Status("queued", 1.0).seconds is None
    assert Status("running", 1.0, started=time.time() - 10).seconds == pytest.approx(10, abs=2)


def test_seconds_of_a_resumed_run_leave_the_pause_out():
    again = Status("queued", 1.0, queued=90.0, seconds_before=30.0)
    assert (again.seconds, again.waits_since) == (30.0, 90.0)
    assert dataclasses.replace(again, state="done", started=100.0, ended=105.0).seconds == 35.0


def test_a_run_put_back_into_the_queue_waits_for_its_trainer_like_a_new_one():
    assert believed(Status("queued", 1.0, queued=time.time()), lives=False).state == "queued"
    assert believed(Status("queued", 1.0, queued=time.time() - 3600), lives=False).state == "interrupted"


@pytest.mark.parametrize("content", ["", "{", '{"state": "run'])
def test_a_cut_off_status_is_named(run, content):
    run.status_path.write_text(content)
    with pytest.raises(WorkspaceError, match=r"^.*status\.json is damaged: .* in line 1\. Delete the folder that"):
        run.status()


def test_a_status_that_is_no_text_is_named(run):
    run.status_path.write_bytes(b"\xff\x00")
    with pytest.raises(WorkspaceError, match=r"^.*status\.json is damaged: it is no JSON .*\. Delete the folder that"):
        run.status()


@pytest.mark.parametrize("content", [
    {"state": "running"}, {"state": "done", "created": 1, "mood": "good"}, [], {"state": "done", "created": 1e300},
])
def test_a_status_of_another_version_is_named(run, content):
    run.status_path.write_text(json.dumps(content))
    with pytest.raises(WorkspaceError, match=r"^.*status\.json (is damaged|has fields that this version).*Delete the"):
        run.status()


def test_a_status_is_replaced_whole_and_leaves_nothing_beside_it(run):
    before = set(run.folder.iterdir())
    for fraction in (0.1, 0.2):
        write_status(run.status_path, Status("running", 1.0, **process_identity(), fraction=fraction))
    assert set(run.folder.iterdir()) == before
    assert read_status(run.status_path).fraction == 0.2


def test_events_come_back_in_order_with_their_kind_and_time(run):
    log = EventLog(run.events_path)
    log.write("batch", **BATCH, step=1, loss=float("nan"))
    log.write("note", words="Größer – wärmer")
    assert [event["kind"] for event in run.events()] == ["batch", "note"]  # flushed before it is closed
    log.close()
    first, second = run.events()
    assert first["loss"] is None and second["words"] == "Größer – wärmer"
    assert first["at"] <= second["at"]


def test_line_separators_inside_words_do_not_cut_an_event(run):
    log = EventLog(run.events_path)
    log.write("note", words="a\u2028b\x85c")
    log.close()
    assert [event["words"] for event in run.events()] == ["a\u2028b\x85c"]


def test_going_back_takes_back_all_but_notes(run):
    log = EventLog(run.events_path)
    log.write("batch", **BATCH, step=1, loss=1.0)
    size = log.synced_size()
    log.write("batch", **BATCH, step=2, loss=1.0)
    log.write("note", words="kept")
    log.write("time", part="data", seconds=1.0)
    log.go_back(size)
    log.write("batch", **BATCH, step=2, loss=1.0)
    assert [(e["kind"], e.get("step")) for e in run.events()] == [("batch", 1), ("note", None), ("batch", 2)]
    log.close()


def test_a_run_without_events_has_none(run):
    assert run.events() == []


@pytest.mark.parametrize("half", [b'{"kind": "batch", "st', b'{"kind": "note", "words": "Gr\xc3'])
def test_a_half_written_last_line_is_ignored_and_the_next_event_is_not_lost(run, half):
    log = EventLog(run.events_path)
    log.write("batch", **BATCH, step=1, loss=1.0)
    log.close()
    with run.events_path.open("ab") as file:
        file.write(half)
    assert [event["step"] for event in read_events(run.events_path)] == [1]
    again = EventLog(run.events_path)
    again.write("batch", **BATCH, step=2, loss=1.0)
    again.close()
    assert [event["step"] for event in read_events(run.events_path)] == [1, 2]


def test_runs_are_numbered_by_data_and_preset(workspace):
    other = preset("quick").for_data("tiny", "hash")
    names = [create_run(workspace, config, {}).name for config in (CONFIG, CONFIG, other, CONFIG)]
    assert names == ["tiny-demo-1", "tiny-demo-2", "tiny-quick-1", "tiny-demo-3"]


def test_a_number_is_not_given_twice_even_when_its_run_was_deleted(workspace):
    create_run(workspace, CONFIG, {})
    second = create_run(workspace, CONFIG, {})
    (workspace.bin / "runs").mkdir(parents=True)
    second.folder.rename(workspace.bin / "runs" / second.name)
    assert create_run(workspace, CONFIG, {}).name == "tiny-demo-3"


def test_a_name_that_only_looks_alike_does_not_count(workspace):
    for name in ("tiny-demo-x", "tiny-demo-9-copy", "tinyxdemo-5"):
        (workspace.runs / name).mkdir(parents=True)
    assert create_run(workspace, CONFIG, {}).name == "tiny-demo-1"


def test_a_new_run_is_queued_with_its_config_and_versions(run):
    assert run.config() == CONFIG
    assert run.about()["versions"] == {"torch": "0"}
    status = run.status()
    assert (status.state, status.pid, status.seconds) == ("queued", None, None)


def test_a_run_is_found_by_its_name(workspace, run):
    assert find_run(workspace, "tiny-demo-1") == run


@pytest.mark.parametrize("name", ["nope", "", ".", "..", "../runs/tiny-demo-1", "tiny-demo-1/", "tiny*"])
def test_a_run_that_does_not_exist_is_told_so(workspace, run, name):
    with pytest.raises(RunError, match=r"^There is no run named .*\. `python -m pipeline runs list` lists those"):
        find_run(workspace, name)


def test_runs_are_listed_newest_first_and_half_created_ones_left_out(workspace, run):
    newer = create_run(workspace, CONFIG, {})
    os.utime(run.config_path, (100, 100))
    os.utime(newer.config_path, (200, 200))
    (workspace.runs / "half").mkdir()
    assert [r.name for r in list_runs(workspace)] == ["tiny-demo-2", "tiny-demo-1"]


def test_a_run_that_lost_its_config_does_not_hide_the_others(workspace, run):
    create_run(workspace, CONFIG, {}).config_path.unlink()
    assert list_runs(workspace) == [run]


def test_a_workspace_without_runs_lists_none(tmp_path):
    assert list_runs(Workspace(tmp_path / "none")) == []


def test_a_run_without_predictions_says_so(run):
    with pytest.raises(RunError, match=r"^The run tiny-demo-1 has no predictions yet\. Wait until it is done, or"):
        run.predictions()
    assert run.results() is None


def test_damaged_predictions_are_named(run):
    run.predictions_path.write_bytes(b"PAR1")
    with pytest.raises(WorkspaceError, match=r"^.*predictions\.parquet is damaged: .*\. Start a new run, or"):
        run.predictions()


def test_a_damaged_results_file_is_named(run):
    run.results_path.write_text("{")
    with pytest.raises(WorkspaceError, match=r"^.*results\.json is damaged: "):
        run.results()


def test_a_workspace_that_cannot_be_written_is_told_so(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with pytest.raises(WorkspaceError, match=r"file.* cannot be written: .*Set LESIONLAB_HOME to a folder that you"):
        create_run(Workspace(in_the_way), CONFIG, {})
    with pytest.raises(WorkspaceError, match=r"^.* cannot be written: "):
        EventLog(Path(in_the_way) / "events.jsonl")
