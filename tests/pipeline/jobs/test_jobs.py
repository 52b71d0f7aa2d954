"""Runs as processes: stop, queue, kill, and a data set that changed."""

import os
import signal
import threading
import time

import pytest

from pipeline.data.importing import import_dataset
from pipeline.errors import RunError
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import request_stop, start_run
from pipeline.runs.plan import create, plan_config

LONG = ["weights=random", "size=64", "batch_size=8", "epochs=0,200"]
SHORT = ["weights=random", "size=32", "batch_size=8", "epochs=0,1", "limit=60"]


@pytest.fixture
def with_data(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    return workspace


def _wait(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def _batches(run):
    return [e for e in run.events() if e["kind"] == "batch"]


def test_stop_works_within_two_batches(with_data):
    run = create(with_data, plan_config(with_data, "tiny", "demo", LONG))
    thread = threading.Thread(target=work, args=(run, with_data))
    thread.start()
    _wait(lambda: len(_batches(run)) > 3)
    before = len(_batches(run))
    request_stop(run)
    thread.join(60)
    assert run.status().state == "cancelled" and run.status().pid is None
    assert len(_batches(run)) <= before + 2


def test_the_queue_is_first_come_first_served_and_a_killed_trainer_frees_it(with_data):
    first = start_run(with_data, plan_config(with_data, "tiny", "demo", LONG))
    _wait(lambda: len(_batches(first)) > 1)
    second = start_run(with_data, plan_config(with_data, "tiny", "demo", SHORT))
    third = start_run(with_data, plan_config(with_data, "tiny", "demo", SHORT))
    _wait(lambda: first.name in second.status().doing and second.name in third.status().doing)
    assert second.status().state == third.status().state == "queued"
    os.kill(first.status().pid, signal.SIGKILL)
    _wait(lambda: third.status().state == "done" or third.status().error)
    assert first.status().state == "interrupted"
    assert second.status().state == third.status().state == "done"
    assert second.status().ended <= third.status().started


def test_a_queued_run_can_be_cancelled(with_data):
    first = start_run(with_data, plan_config(with_data, "tiny", "demo", LONG))
    _wait(lambda: first.status().state == "running")
    second = start_run(with_data, plan_config(with_data, "tiny", "demo", SHORT))
    _wait(lambda: second.status().pid is not None)
    request_stop(second)
    _wait(lambda: second.status().state == "cancelled")
    assert first.status().state == "running"
    request_stop(first)
    _wait(lambda: first.status().state == "cancelled")
    with pytest.raises(RunError, match="is not running: it is cancelled"):
        request_stop(first)


def test_a_run_is_worked_on_once(trained):
    home, run = trained
    with pytest.raises(RunError, match="cannot be started: it is done"):
        work(run, home)


def test_a_data_set_that_changed_fails_the_run(with_data):
    import dataclasses

    config = dataclasses.replace(plan_config(with_data, "tiny", "demo", SHORT), data_hash="other")
    status = work(create(with_data, config), with_data)
    assert status.state == "failed" and "has changed since this run was planned" in status.error


def test_a_damaged_run_does_not_block_the_queue(with_data):
    damaged = create(with_data, plan_config(with_data, "tiny", "demo", SHORT))
    damaged.status_path.write_text("{")
    run = create(with_data, plan_config(with_data, "tiny", "demo", SHORT))
    assert work(run, with_data).state == "done"
    assert [path.name for path in run.checkpoints.iterdir()] == ["stage1.safetensors"]
