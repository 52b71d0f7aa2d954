"""Names and notes of runs, and the way to the deleted ones and back."""

import pytest

from pipeline.configuration.presets import PRESETS
from pipeline.errors import RunError
from pipeline.runs.labels import Label, delete_run, deleted_runs, label_path, label_run, read_label, restore_run
from pipeline.runs.run_dir import create_run, find_run, list_runs
from pipeline.runs.status import Status, process_identity, write_status


def make(workspace, state="done"):
    run = create_run(workspace, PRESETS["demo"].for_data("tiny", "0" * 64), {})
    identity = process_identity() if state in ("queued", "running") else {}
    write_status(run.status_path, Status(state, 1.0, **identity))
    return run


def test_a_label_stands_beside_the_run_and_the_folder_keeps_its_name(workspace):
    run = make(workspace)
    assert read_label(run) == Label()
    assert label_run(workspace, run.name, "  Small \n images ", " first line\nsecond ") == Label(
        "Small images", "first line\nsecond"
    )
    assert read_label(run) == Label("Small images", "first line\nsecond")
    assert find_run(workspace, run.name) == run
    assert label_run(workspace, run.name, "", "") == read_label(run) == Label()


@pytest.mark.parametrize("content", ["{", "[1]", '"x"', "\udcff"])
def test_a_damaged_label_is_an_empty_one(workspace, content):
    run = make(workspace)
    label_path(run).write_bytes(content.encode(errors="surrogateescape"))
    assert read_label(run) == Label()


def test_texts_that_are_too_long_and_runs_that_are_not_there(workspace):
    run = make(workspace)
    with pytest.raises(RunError, match="61 characters"):
        label_run(workspace, run.name, "x" * 61, "")
    with pytest.raises(RunError, match="2,001 characters"):
        label_run(workspace, run.name, "", "x" * 2001)
    for act in (lambda name: label_run(workspace, name, "a", ""), lambda name: delete_run(workspace, name)):
        for name in ("gone-1", "../escape", ""):
            with pytest.raises(RunError, match="There is no run named"):
                act(name)
    assert not (workspace.runs / "gone-1").exists()


def test_deleted_and_restored_with_everything_in_it(workspace):
    run = make(workspace)
    label_run(workspace, run.name, "Kept", "")
    (run.folder / "model").mkdir()
    before = sorted(path.name for path in run.folder.iterdir())
    away = delete_run(workspace, run.name)
    assert away.folder == workspace.bin / "runs" / run.name
    assert list_runs(workspace) == [] and deleted_runs(workspace) == [away]
    with pytest.raises(RunError, match="There is no run named"):
        delete_run(workspace, run.name)
    assert restore_run(workspace, run.name) == run
    assert sorted(path.name for path in run.folder.iterdir()) == before and read_label(run).name == "Kept"
    assert deleted_runs(workspace) == []
    with pytest.raises(RunError, match="No deleted run is named"):
        restore_run(workspace, run.name)


def test_a_new_run_never_takes_the_name_of_a_deleted_one(workspace):
    first = make(workspace)
    delete_run(workspace, first.name)
    assert make(workspace).name != first.name
    assert restore_run(workspace, first.name).name == first.name


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_at_work_stays(workspace, state):
    run = make(workspace, state)
    with pytest.raises(RunError, match="not at its end"):
        delete_run(workspace, run.name)
    assert list_runs(workspace) == [run]


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_a_run_without_results_can_go(workspace, state):
    run = make(workspace, state)
    delete_run(workspace, run.name)
    assert list_runs(workspace) == []


def test_a_run_with_a_damaged_status_can_go_and_come_back(workspace):
    run = make(workspace)
    run.status_path.write_text("{")
    delete_run(workspace, run.name)
    assert restore_run(workspace, run.name) == run


def test_a_taken_place_is_never_overwritten(workspace):
    run = make(workspace)
    delete_run(workspace, run.name)
    (workspace.runs / run.name).mkdir()  # the system would move a folder over an empty one
    with pytest.raises(RunError, match="already"):
        restore_run(workspace, run.name)
    assert [r.name for r in deleted_runs(workspace)] == [run.name]


def test_the_last_deleted_comes_first(workspace):
    names = [make(workspace).name for _ in range(3)]
    for name in (names[1], names[0], names[2]):
        delete_run(workspace, name)
    assert [run.name for run in deleted_runs(workspace)] == [names[2], names[0], names[1]]
