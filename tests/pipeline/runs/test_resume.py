"""Runs that are broken off and go on: the same numbers as in one go, nothing told twice, refusals in words."""

import dataclasses
import errno
import json
import os
import random
import signal
import threading
import time
from functools import partial

import pandas as pd
import pytest
import torch

from pipeline import cli
from pipeline.data.importing import import_dataset
from pipeline.errors import RunError
from pipeline.files import disk as files
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import request_stop, resume_run, start_run
from pipeline.runs.plan import create, plan_config
from pipeline.runs.resume import can_resume, requeue
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED
from pipeline.runs.watched import watched
from pipeline.training import checkpoints, loss_scale, precision, stages, train_run
from pipeline.training.checkpoints import read_checkpoint

SETTINGS = ["weights=random", "size=48x32", "batch_size=8"]
SHORT = ["epochs=1,3", "limit=60", "ema=0.9"]
TIMES = ["at", "seconds", "images_per_second"]


@pytest.fixture(scope="module")
def home(tmp_path_factory, tiny_set):
    from pipeline.files.workspace import Workspace

    home = Workspace(tmp_path_factory.mktemp("resume")).create()
    import_dataset(home, tiny_set, "tiny")
    return home


def _create(home, *settings, **changes) -> RunDir:
    config = plan_config(home, "tiny", "demo", [*SETTINGS, *settings])
    return create(home, dataclasses.replace(config, **changes))


@pytest.fixture(scope="module")
def whole(home):
    """The run in one go that the others are measured against; it averages its weights, a state that goes on too."""
    run = _create(home, *SHORT)
    assert work(run, home).state == "done", run.status().error
    return run


def _table(run, kind: str) -> pd.DataFrame:
    rows = pd.DataFrame([e for e in run.events() if e["kind"] == kind])
    return rows.drop(columns=TIMES, errors="ignore")


def _assert_same(run, whole) -> None:
    """All that the run found, to the last digit, and each event once."""
    for kind in ("stage", "batch", "epoch"):
        pd.testing.assert_frame_equal(_table(run, kind), _table(whole, kind), check_exact=True)
    assert watched(run.events()) == watched(whole.events()) is not None
    pd.testing.assert_frame_equal(run.predictions(), whole.predictions(), check_exact=True)
    assert run.results() == whole.results()


def _work_until(run, home, reached) -> str:
    """Works on `run` and asks it to stop as soon as `reached(events)`; gives the state in which it ended."""
    thread = threading.Thread(target=work, args=(run, home))
    thread.start()
    while thread.is_alive() and not reached(run.events()):
        time.sleep(0.002)
    if thread.is_alive():
        request_stop(run)
    thread.join(60)
    return run.status().state


def _batch_of(stage: int, epoch: int):
    return lambda events: any(e["kind"] == "batch" and (e["stage"], e["epoch"]) == (stage, epoch) for e in events)


def test_a_one_cycle_in_three_parts_is_the_one_in_one_go(home, whole):
    run = _create(home, *SHORT)
    assert _work_until(run, home, _batch_of(2, 2)) == "cancelled"
    requeue(run)
    assert _work_until(run, home, _batch_of(2, 3)) == "cancelled"
    before = run.status().seconds
    requeue(run)
    assert run.status().state == "queued" and not run.stop_path.exists()
    assert work(run, home).state == "done", run.status().error
    _assert_same(run, whole)
    assert list(run.status().notes)[-2:] == ["Went on after epoch 1 of stage 2.", "Went on after epoch 2 of stage 2."]
    assert run.status().seconds > before
    spent = {e["part"]: e["seconds"] for e in run.events() if e["kind"] == "time"}
    assert spent["data"] + spent["training"] + spent["validation"] > 0.9 * sum(
        e["seconds"] for e in run.events() if e["kind"] == "epoch"
    )


def test_what_stays_on_disk(whole):
    names = sorted(path.name for path in whole.checkpoints.iterdir())
    assert names == ["stage1.safetensors", "stage2.safetensors"]


def test_each_epochs_weights_where_the_config_says_so(home):
    run = _create(home, "epochs=1,2", "keep=last", "limit=60", keep_epochs=True)
    assert work(run, home).state == "done", run.status().error
    names = sorted(path.name for path in run.checkpoints.iterdir())
    assert names == [
        "stage1-epoch01.safetensors", "stage1.safetensors", "stage2-epoch01.safetensors", "stage2-epoch02.safetensors",
        "stage2.safetensors",
    ]
    assert run.epoch_weights(2, 2).read_bytes() == run.stage_weights(2).read_bytes()
    assert (run.model / "model.safetensors").read_bytes() == run.stage_weights(2).read_bytes()


def test_a_run_broken_off_while_judging_only_judges(home, whole, monkeypatch):
    run = _create(home, *SHORT)

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train_run, "predict_held_out", killed)
        with pytest.raises(KeyboardInterrupt):
            work(run, home)
    _forget_process(run)
    assert run.status().state == "interrupted"
    trained = run.stage_weights(2).stat().st_mtime_ns
    requeue(run)
    assert work(run, home).state == "done", run.status().error
    assert run.stage_weights(2).stat().st_mtime_ns == trained
    _assert_same(run, whole)


def _forget_process(run) -> None:
    """The status as a killed process leaves it: this one, which goes on living, is not the one it names."""
    from pipeline.files.disk import read_json, write_json

    write_json(run.status_path, {**read_json(run.status_path), "pid": 2**22 + 1, "pid_created": 1.0})


def test_a_full_disk_fails_the_run_in_words_and_resume_goes_on(home, whole, monkeypatch, capfd):
    run = _create(home, *SHORT)
    sync = os.fsync

    def full(descriptor):
        if run.resume_path.exists() and os.fstat(descriptor).st_size > 20_000_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        status = work(run, home)
    assert status.state == "failed"
    assert status.error.startswith("The disk is full: ")
    assert can_resume(run)
    assert [p.name for p in run.checkpoints.glob(".*")] == []
    monkeypatch.setenv("LESIONLAB_HOME", str(home.home))
    assert cli.main(["resume", run.name, "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["run"], answer["state"]) == (run.name, "done")
    _assert_same(run, whole)


def test_gpu_memory_that_runs_out_goes_on_from_the_last_full_epoch(home, monkeypatch):
    run = _create(home, "epochs=1,2", "limit=60")
    fit, calls = stages._fit, []

    def short_of_memory(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise torch.cuda.OutOfMemoryError("out of memory")
        fit(*arguments)

    monkeypatch.setattr(stages, "_fit", short_of_memory)
    assert work(run, home).state == "done", run.status().error
    assert [(e["stage"], e["epoch"]) for e in run.events() if e["kind"] == "epoch"] == [(1, 1), (2, 1), (2, 2)]
    assert "The GPU's memory ran out with 8 images in a batch: goes on with 4." in run.status().notes
    steps = [max(e["step"] for e in run.events() if e["kind"] == "batch" and e["stage"] == s) for s in (1, 2)]
    assert steps[1] > 3 * steps[0]  # two epochs of batches half as large


def test_the_scale_of_a_float16_loss_goes_on_from_the_checkpoint(home, monkeypatch):
    """The scale doubles after every four steps here, and an epoch has six; bfloat16 stands in for float16."""
    monkeypatch.setattr(precision, "cpu_computes_fp16", lambda: True)
    monkeypatch.setitem(precision._DTYPES, "fp16", torch.bfloat16)
    monkeypatch.setattr(loss_scale, "GradScaler", partial(torch.amp.GradScaler, growth_interval=4))
    write, kept = checkpoints.write_checkpoint, []

    def killed_after_the_first(run, checkpoint):
        write(run, checkpoint)
        scale = read_checkpoint(run).callbacks["LossScale"]
        kept.append((scale["scale"].item() / 2**16, scale["growth"].item()))
        if len(kept) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "write_checkpoint", killed_after_the_first)
    run = _create(home, "precision=fp16", "epochs=0,2", "limit=60")
    with pytest.raises(KeyboardInterrupt):
        work(run, home)
    _forget_process(run)
    requeue(run)
    assert work(run, home).state == "done", run.status().error
    steps = sum(e["kind"] == "batch" and e["epoch"] == 1 for e in run.events())
    assert kept == [(2 ** (n // 4), n % 4) for n in (steps, 2 * steps)]
    assert "Mixed precision on the processor: float16, channels_last." in run.status().notes


def test_refusals(home, whole):
    with pytest.raises(RunError, match=f"^The run {whole.name} is done: there is nothing to resume. Start a new run.$"):
        requeue(whole)
    queued = _create(home, "epochs=0,1")
    with pytest.raises(RunError, match=f"^The run {queued.name} is queued already. "):
        requeue(queued)
    assert not can_resume(whole) and not can_resume(queued)
    assert _work_until(queued, home, lambda events: True) == "cancelled"
    sentence = (
        f"^The run {queued.name} was stopped before its first full epoch: there is nothing to go on from. "
        "Start a new run.$"
    )
    with pytest.raises(RunError, match=sentence):
        requeue(queued)


def test_of_two_resumes_at_once_one_wins(home):
    run = _create(home, "epochs=0,1")
    _forget_process(run)
    won, refused = [], []

    def attempt():
        try:
            requeue(run)
            won.append(run)
        except RunError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _forget_process(run)  # else the next run waits for this one to begin
    assert len(won) == 1
    assert set(refused) == {f"The run {run.name} is queued already. Wait for it, or watch it on the page Train."}


def test_a_damaged_checkpoint_is_named(home):
    run = _create(home, "epochs=1,1")
    run.checkpoints.mkdir()
    run.resume_path.write_bytes(b"half a file")
    _forget_process(run)
    requeue(run)
    status = work(run, home)
    assert status.state == "failed" and f"The checkpoint {run.resume_path} is damaged" in status.error


def _wait(condition, seconds=300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def _ended(run) -> str:
    _wait(lambda: run.status().state in ENDED)
    return run.status().state


def _kill(run, events: int, delay: float) -> str | None:
    """SIGKILL `delay` seconds after the run has so many events; what it did then, None where it was done before."""
    _wait(lambda: run.status().state == "running" and len(run.events()) >= events or run.status().state in ENDED)
    time.sleep(delay)
    status = run.status()
    if status.state in ENDED:
        return None
    os.kill(status.pid, signal.SIGKILL)
    assert _ended(run) == "interrupted"
    return status.doing


def test_a_run_killed_twice_ends_with_the_metrics_of_the_uninterrupted_one(home, whole):
    run = start_run(home, whole.config())
    for reached in (_batch_of(2, 1), _batch_of(2, 3)):
        _wait(lambda: reached(run.events()) or run.status().state in ENDED)  # noqa: B023  called at once
        os.kill(run.status().pid, signal.SIGKILL)
        assert _ended(run) == "interrupted"
        resume_run(home, run)
    assert _ended(run) == "done", run.status().error
    _assert_same(run, whole)


@pytest.mark.slow
def test_ten_kills_at_random_moments(home):
    """Six epochs, killed at any moment from the start of the run to its end: loading, training, validating, judging."""
    whole = start_run(home, plan_config(home, "tiny", "demo", [*SETTINGS, "epochs=2,4"]))
    assert _ended(whole) == "done", whole.status().error
    moments, kills = random.Random(9), 0
    while kills < 10:
        run = start_run(home, whole.config())
        place = _kill(run, moments.randint(0, len(_table(whole, "batch")) + 8), moments.uniform(0, 0.5))
        if place is None:
            continue  # it was quicker
        resume_run(home, run)
        assert _ended(run) == "done", run.status().error
        kills += 1
        figures = [(r.results()["validation"]["balanced_accuracy"], _last_loss(r)) for r in (whole, run)]
        print(f"kill {kills} at “{place}”: balanced accuracy, last loss {figures[0]} in one go, {figures[1]} resumed")
        _assert_same(run, whole)


def _last_loss(run) -> float:
    return float(_table(run, "epoch")["valid_loss"].iloc[-1])
