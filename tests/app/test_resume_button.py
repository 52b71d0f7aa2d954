"""The button that goes on with a run that was broken off, on the page Train."""

import pytest

from app.components.training.live_run import BEGIN, RESUME
from pipeline.jobs import launch
from pipeline.runs.resume import requeue
from tests.app_pages import button, open_page, words
from tests.hand_made import make_dataset, make_run


@pytest.fixture
def started(monkeypatch) -> list:
    """The names of the runs for which a trainer would have been started."""
    names = []
    monkeypatch.setattr(launch, "start", lambda place, run: names.append(run.name))
    return names


def _labels(at) -> list[str]:
    return [button.label for button in at.button]


@pytest.mark.parametrize("state", ["interrupted", "cancelled", "failed"])
def test_a_run_with_a_full_epoch_goes_on(workspace, tmp_path, started, state):
    run = make_run(workspace, make_dataset(workspace, tmp_path), state)
    run.checkpoints.mkdir()
    run.resume_path.write_bytes(b"a checkpoint")
    at = open_page("train", run=run.name)
    assert "It can go on from its last full epoch." in words(at)
    button(at, RESUME).click().run()
    assert not at.exception
    assert started == [run.name]
    assert run.status().state == "queued" and run.status().error is None
    assert RESUME not in _labels(at)


def test_an_interrupted_run_without_a_full_epoch_starts_at_its_beginning(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path), "interrupted")
    at = open_page("train", run=run.name)
    assert "No epoch of it was finished, so it would start at its beginning." in words(at)
    assert BEGIN in _labels(at) and RESUME not in _labels(at)


@pytest.mark.parametrize("state", ["failed", "cancelled", "done"])
def test_nothing_to_go_on_from_and_no_button(workspace, tmp_path, state):
    run = make_run(workspace, make_dataset(workspace, tmp_path), state)
    at = open_page("train", run=run.name)
    assert not {RESUME, BEGIN} & set(_labels(at))


def test_a_resume_that_comes_second_is_refused_in_words(workspace, tmp_path, started, monkeypatch):
    run = make_run(workspace, make_dataset(workspace, tmp_path), "interrupted")
    at = open_page("train", run=run.name)

    def after_another(run):
        requeue(run)
        requeue(run)

    monkeypatch.setattr(launch, "requeue", after_another)
    button(at, BEGIN).click().run()
    assert not at.exception and started == []
    assert f"The run {run.name} is queued already." in words(at)
