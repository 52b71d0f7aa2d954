"""Every kind of long work by the one machine: started, found again by its folder, stopped, killed, started again."""

import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import psutil
import pytest

from pipeline.data import embedded
from pipeline.data.dataset import load_dataset
from pipeline.data.left_behind import temporary_folder
from pipeline.data.sources.catalogue import STARTER
from pipeline.data.sources.isic import BASE_VARIABLE
from pipeline.data.synthetic.generated_set import write_generated_set
from pipeline.errors import JobError, LesionLabError, RunError
from pipeline.files.workspace import Workspace
from pipeline.inference.evaluation_plan import plan_evaluation
from pipeline.jobs.evaluating import start_evaluation
from pipeline.jobs.fetching import start_fetch
from pipeline.jobs.job_dirs import Kind, ShortJob, audit_job, embedding_job, kind_of
from pipeline.jobs.job_worker import work
from pipeline.jobs.launch import (
    queue,
    request_stop,
    start_audit,
    start_embedding,
    start_run,
    start_search,
)
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import (
    TASKS,
    BundleRequest,
    DrawRequest,
    EstimateRequest,
    EvidenceRequest,
    ExportRequest,
    PreviewRequest,
    open_job,
)
from pipeline.runs.job_dir import JobDir
from pipeline.runs.plan import plan_config
from pipeline.runs.run_dir import find_run
from pipeline.runs.searches import plan_first_search
from pipeline.runs.status import ENDED
from tests.stand_in_server import stand_in
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
MODEL = "tiny-instant-1"
SMALL = ["weights=random", "size=32", "batch_size=8"]


def _audit(home: Workspace) -> JobDir:
    dataset = load_dataset(home, "tiny")
    start_audit(home, dataset)
    return audit_job(dataset)


def _embedding(home: Workspace) -> JobDir:
    start_embedding(home, find_run(home, MODEL))
    return embedding_job(find_run(home, MODEL))


START: dict[Kind, Callable[[Workspace], JobDir]] = {
    "training": lambda home: start_run(home, plan_config(home, "tiny", "demo", [*SMALL, "epochs=0,200"])),
    "search": lambda home: start_search(home, plan_first_search(home, "tiny", "demo", SMALL)),
    "evaluation": lambda home: start_evaluation(home, plan_evaluation(home, MODEL, "other")),
    "embedding": _embedding, "audit": _audit,
    "fetch": lambda home: start_fetch(home, STARTER, "fetched"),
}


def _requests(home: Workspace) -> dict[Kind, object]:
    config = plan_config(home, "tiny", "demo", SMALL)
    return {
        "drawing": DrawRequest(), "estimate": EstimateRequest(config), "preview": PreviewRequest(config, 1),
        "evidence": EvidenceRequest(MODEL, "tiny"),
        "export": ExportRequest(MODEL, "bundle", "out.zip"),
        "bundle": BundleRequest(str(home.home.parent / "bundle.zip"), "again"),
    }


@pytest.fixture
def home(old_workspace, monkeypatch) -> Workspace:
    """A workspace with two data sets and a model; whoever fetches waits for a server without end."""
    with stand_in() as served:
        served.delays["/2018/ISIC2018_Task3_Validation_GroundTruth.zip"] = 60.0
        monkeypatch.setenv(BASE_VARIABLE, served.address)
        yield old_workspace


def test_each_kind_has_its_task():
    assert set(TASKS) == set(get_args(Kind)) == {*START, *_short_kinds()}
    for kind in _short_kinds():
        assert dataclasses.is_dataclass(TASKS[kind].request) and all(TASKS[kind].broke_off)


def _short_kinds() -> list[Kind]:
    return [kind for kind, task in TASKS.items() if task.request]


@pytest.mark.parametrize("kind", START)
def test_a_job_is_found_again_stopped_killed_and_started_again(home, kind):
    job = START[kind](home)
    again = open_job(kind, job.folder)  # as another page, another session, another server finds it
    assert kind_of(again) == kind and again == job and again.status().pid
    if kind in ("embedding", "audit", "fetch"):
        with pytest.raises(LesionLabError, match="already"):
            START[kind](home)
    with pytest.raises(RunError, match="cannot be started: it is (queued|running)"):
        work(again, home)
    wait_until(lambda: again.status().state == "running", 60)
    asked = time.monotonic()
    request_stop(again)
    wait_until(lambda: again.status().state in ENDED, 60)
    assert again.status().state == "cancelled", again.status().error
    assert again.status().doing.startswith("Stopped on request.") and time.monotonic() - asked < 30
    with pytest.raises(RunError, match="is not running: it is cancelled. There is nothing to stop."):
        request_stop(again)

    second = START[kind](home)
    os.kill(second.status().pid, signal.SIGKILL)
    wait_until(lambda: second.status().state == "interrupted", 10)
    third = START[kind](home)
    assert third.status().state in ("queued", "running")
    request_stop(third)
    wait_until(lambda: third.status().state in ENDED, 60)


@pytest.mark.parametrize("kind", _short_kinds())
def test_short_work_is_told_to_a_process_as_a_checked_file(home, kind):
    request = _requests(home)[kind]
    working = ShortWork(home, kind, request)
    folder = working.job.folder
    assert working.running and folder.parent == home.home and working.job.status().pid == working._process.pid
    working.cancel()
    assert not working.running and not folder.exists() and not (home.locks / f"{folder.name}.lock").exists()
    with pytest.raises(JobError, match=f"^{TASKS[kind].broke_off[0]}: its process ended with code -15"):
        working.result()


@pytest.mark.parametrize("content", ["{", "{}", '{"run": "x", "more": 1}', '{"run": 5}'])
def test_a_request_that_is_not_one_is_refused(home, tmp_path, content):
    job = ShortJob(tmp_path, "evidence")
    queue(job, RunError("Busy."), lambda: job.request_path.write_text(content))
    status = work(job, home)
    assert status.state == "failed" and "request.json" in status.error


def test_drawings_lie_in_the_job_s_folder_and_become_the_data_set(workspace, monkeypatch):
    few = functools.partial(write_generated_set, images=14, lesions_per_diagnosis=2)
    monkeypatch.setattr(embedded, "write_generated_set", few)
    with temporary_folder(workspace, ".work-") as folder:  # as ShortWork makes it: an import removes what nobody holds
        job = ShortJob(folder, "drawing")
        queue(job, RunError("Busy."), lambda: job.request_path.write_text("{}"))
        assert work(job, workspace).state == "done", job.status().error
        assert json.loads(job.answer_path.read_text()) == {"data": "generated"}
        drawn = {path.name for path in (job.drawn_path / "images").iterdir()}
    dataset = load_dataset(workspace, "generated")
    assert len(drawn) == dataset.images == 14 and dataset.generated
    assert {path.name for path in (dataset.folder / "images").iterdir()} == drawn


def test_a_bundle_comes_in_and_goes_out_by_short_work(home):
    asked = _requests(home)
    assert ShortWork(home, "bundle", asked["bundle"]).result() == {"model": "again"}
    out = ShortWork(home, "export", asked["export"])
    assert out.result() is None and (out.job.folder / "out.zip").stat().st_size > 1000
    out.cancel()
    with pytest.raises(JobError, match="again"):  # the name is taken
        ShortWork(home, "bundle", asked["bundle"]).result()
    assert not list(home.home.glob(".work-*"))


STARTER_PROGRAM = """
import sys, time
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import EstimateRequest
from pipeline.runs.plan import plan_config
from pipeline.files.workspace import current_workspace
home = current_workspace()
working = ShortWork(home, "estimate", EstimateRequest(plan_config(home, "tiny", "demo", ["weights=random"])))
print(working._process.pid, flush=True)
time.sleep(60)
"""


def test_short_work_ends_with_a_starter_that_is_killed_and_the_next_clears_away(home):
    with subprocess.Popen([sys.executable, "-c", STARTER_PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "LESIONLAB_HOME": str(home.home)}) as starter:
        child = psutil.Process(int(starter.stdout.readline()))
        job = ShortJob(next(home.home.glob(".work-*")), "estimate")
        wait_until(lambda: job.status().state == "running", 60)
        starter.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 10)
    assert job.folder.exists()
    other = ShortWork(home, "evidence", EvidenceRequest(MODEL, "tiny"))
    assert list(home.home.glob(".work-*")) == [other.job.folder]
