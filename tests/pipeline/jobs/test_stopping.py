"""A stop is heard before a process begins, while libraries load, and never twice; what it leaves is cancelled."""

import os
import sys
import threading
import time

import pytest

from pipeline import cli
from pipeline.data.importing import import_dataset
from pipeline.data.sources.catalogue import SOURCES
from pipeline.errors import RunError
from pipeline.jobs.fetching import list_fetches, queue_fetch, stop_fetch
from pipeline.jobs.job_dirs import Fetch
from pipeline.jobs.job_worker import stops_while_loading, work
from pipeline.jobs.launch import ask_to_stop, queue_embedding, request_stop, start_run
from pipeline.progress import Cancelled
from pipeline.runs.plan import create, plan_config
from pipeline.runs.resume import requeue
from pipeline.runs.searches import create_search, plan_first_search
from pipeline.runs.status import just_queued, process_identity, write_status
from tests.hand_made import make_dataset, make_run
from tests.waiting import wait_until

TINY = ["weights=random", "size=32", "batch_size=8", "epochs=0,1"]


@pytest.fixture
def with_data(workspace, tiny_set):
    import_dataset(workspace, tiny_set, "tiny")
    return workspace


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A package of five modules that take half a second each, and one that hides what goes wrong in them."""
    package = tmp_path / "path" / "slow_library"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from slow_library import part0\n")
    for number in range(5):
        following = f"from slow_library import part{number + 1}\n" if number < 4 else ""
        (package / f"part{number}.py").write_text(f"import time\ntime.sleep(0.5)\n{following}")
    (tmp_path / "path" / "deaf_library.py").write_text(
        "try:\n    import slow_library\nexcept Exception:\n    pass\nimport deaf_part\n"
    )
    (tmp_path / "path" / "deaf_part.py").write_text("")
    (tmp_path / "path" / "rude_library.py").write_text(
        "try:\n    import slow_library\nexcept Exception as error:\n    raise ValueError('x') from error\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "path")
    yield
    for name in [name for name in sys.modules if name.startswith(("slow_library", "deaf_", "rude_"))]:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["slow_library", "deaf_library", "rude_library"])
def test_a_stop_cuts_a_library_short(library, name):
    begun, asked = time.monotonic(), threading.Event()
    threading.Timer(0.3, asked.set).start()
    with pytest.raises(Cancelled), stops_while_loading(asked.is_set):
        __import__(name)
    assert time.monotonic() - begun < 2
    assert not [finder for finder in sys.meta_path if type(finder).__module__ == "pipeline.jobs.job_worker"]


def test_other_threads_load_what_they_need(library):
    failed = []

    def load() -> None:
        try:
            import deaf_part  # noqa: F401
        except Cancelled as error:
            failed.append(error)

    with stops_while_loading(lambda: True):
        thread = threading.Thread(target=load)
        thread.start()
        thread.join()
    assert not failed and "deaf_part" in sys.modules


def test_other_errors_stay_what_they_are(library):
    with pytest.raises(ModuleNotFoundError), stops_while_loading(lambda: False):
        __import__("no_such_library")


def _queued(kind: str, home):
    if kind == "search":
        return create_search(home, plan_first_search(home, "tiny", "demo", TINY))
    run = create(home, plan_config(home, "tiny", "demo", TINY))
    if kind == "resume":
        run.checkpoints.mkdir()
        run.resume_path.touch()
        write_status(run.status_path, just_queued(state="interrupted"))
        requeue(run)
    return run


@pytest.mark.parametrize("kind", ["training", "search", "resume"])
def test_a_stop_before_the_process_begins_is_final(with_data, kind):
    job = _queued(kind, with_data)
    request_stop(job)
    assert (job.status().state, job.status().doing) == ("cancelled", "Stopped on request.")
    with pytest.raises(RunError, match="is not running: it is cancelled"):
        request_stop(job)
    begun = time.monotonic()
    assert work(job, with_data).state == "cancelled"  # the process that was on its way
    assert time.monotonic() - begun < 5 and job.status().started is None and job.events() == []


def test_a_stop_before_the_embedding_begins_is_final(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    run.model.mkdir(exist_ok=True)
    (run.model / "model.json").touch()
    job = queue_embedding(run)
    request_stop(job)
    assert job.status().state == "cancelled"
    assert work(job, workspace).state == "cancelled"
    assert cli.main(["work", "embedding", f"runs/{run.name}/embedding"]) == 1 and job.status().state == "cancelled"
    assert queue_embedding(run).status().state == "queued"


@pytest.fixture
def fetch(workspace) -> Fetch:
    return queue_fetch(workspace, next(iter(SOURCES.values())), "some")


def test_a_stop_before_the_fetch_begins_is_final(workspace, fetch, monkeypatch):
    monkeypatch.setattr("pipeline.data.sources.fetch.fetch", lambda *arguments: pytest.fail("it fetches"))
    stop_fetch(fetch)
    assert work(fetch, workspace).state == "cancelled"
    (again,) = list_fetches(workspace)
    assert again.status().state == "cancelled" and again.status().doing.startswith("Stopped on request.")


def test_a_fetch_whose_process_ended_by_the_stop_was_cancelled(fetch):
    write_status(fetch.status_path, just_queued(pid=2**22 + 1, pid_created=1.0))
    assert fetch.status().state == "interrupted"
    fetch.stop_path.touch()
    assert fetch.status().state == "cancelled"


def test_a_stop_of_an_earlier_try_is_past(workspace, fetch, monkeypatch):
    monkeypatch.setattr("pipeline.data.sources.fetch.fetch", lambda *arguments: (_ for _ in ()).throw(RunError("It.")))
    write_status(fetch.status_path, just_queued(state="cancelled"))
    fetch.stop_path.touch()
    status = work(queue_fetch(workspace, fetch.source, "some"), workspace)
    assert (status.state, status.error) == ("failed", "It.")


def test_a_stop_while_the_trainer_loads_its_libraries(with_data):
    run = start_run(with_data, plan_config(with_data, "tiny", "demo", TINY))
    wait_until(lambda: run.status().doing == "Loads fastai and the network.")
    request_stop(run)
    asked, process = time.monotonic(), run.status().pid
    wait_until(lambda: run.status().state != "running", 15)  # 1 s; a busy computer loads one library file for longer
    assert run.status().state == "cancelled", run.status().error
    assert run.events() == [event for event in run.events() if event["kind"] in ("note", "time")]
    print(f"heard after {time.monotonic() - asked:.1f} s")
    wait_until(lambda: not os.path.exists(f"/proc/{process}") or run.status().pid is None)


def test_a_signal_while_the_process_takes_its_run_waits_for_nobody(with_data):
    run = create(with_data, plan_config(with_data, "tiny", "demo", TINY))
    write_status(run.status_path, just_queued(**process_identity()))
    from pipeline.files.locks import file_lock
    from pipeline.progress import silent

    with file_lock(run.lock_path, silent, "Taken."):
        ask_to_stop(run)  # as the handler of SIGTERM does in this very process
    assert run.stop_path.exists()
