"""What the app's loaders keep: a result for its arguments, until a file behind it changes, and never without bound."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.loaders import case_tables, file_cache, resources
from app.loaders.file_cache import kept
from pipeline.errors import WorkspaceError
from pipeline.runs import run_dir
from pipeline.runs.run_dir import RunDir
from tests.app_pages import PROJECT, open_page
from tests.hand_made import make_dataset, make_run
from tests.source_reading import modules

BY_THE_CLOCK = "app.components.training.device_panel"  # what a driver answers lies in no file


def _counted(**options):
    """A loader of a text file's words that notes each time it reads."""
    read = []

    @kept(lambda path, *rest: [path], **{"entries": 8, **options})
    def words(path: Path, separator: str = " ", _said: object = None) -> list[str]:
        read.append((path.name, separator))
        return path.read_text(encoding="utf-8").split(separator)

    return words, read


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("one two", encoding="utf-8")
    return path


@pytest.mark.parametrize("copied", [True, False])
def test_what_has_not_changed_is_read_once_and_a_change_at_once(file, copied):
    words, read = _counted(copied=copied)
    assert words(file) == words(file) == words(file, " ") == ["one", "two"] and len(read) == 1
    assert words(file, separator="o") == ["", "ne tw", ""] and len(read) == 2
    file.write_text("three four five", encoding="utf-8")
    assert words(file) == words(file) == ["three", "four", "five"] and len(read) == 3
    before = file.stat()
    file.write_text("seven four five", encoding="utf-8")  # as many bytes
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert words(file)[0] == "seven" and len(read) == 4


def test_an_underscored_argument_does_not_count(file):
    words, read = _counted()
    assert words(file, _said=np.zeros(3)) == words(file, " ", object()) and len(read) == 1


def test_an_argument_without_a_value_of_its_own_is_refused(file):
    words, _ = _counted()
    with pytest.raises(TypeError, match="cannot be kept by an argument of the type ndarray"):
        words(file, np.zeros(3))


def test_what_is_copied_belongs_to_its_caller_and_what_is_shared_to_all(file):
    words, _ = _counted(copied=True)
    words(file).append("mine")
    assert words(file) == ["one", "two"]
    shared, _ = _counted()
    assert shared(file) is shared(file)


def test_the_oldest_goes_where_more_are_asked_for_than_are_kept(file):
    words, read = _counted(entries=2)
    for separator in "abca":
        words(file, separator)
    assert [separator for _, separator in read] == ["a", "b", "c", "a"]
    words(file, "c")
    assert len(read) == 4


def test_what_fails_is_asked_again(tmp_path):
    words, read = _counted()
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            words(tmp_path / "later.txt")
    (tmp_path / "later.txt").write_text("there", encoding="utf-8")
    assert words(tmp_path / "later.txt") == ["there"] and len(read) == 3


def test_runs_of_the_same_name_in_two_places_are_two(tmp_path):
    @kept(lambda run: [run.status_path], entries=8)
    def place(run: RunDir) -> str:
        return str(run.folder)

    assert {place(RunDir(tmp_path / home / "run")) for home in "ab"} == {str(tmp_path / home / "run") for home in "ab"}


def test_pages_read_a_runs_predictions_once_until_they_change(workspace, tmp_path, monkeypatch):
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    read = []
    reader = run_dir.read_predictions
    monkeypatch.setattr(run_dir, "read_predictions", lambda path: read.append(path) or reader(path))
    for page in ("explore", "errors", "evaluation", "explore"):
        open_page(page, run=run.name)
    assert read == [run.predictions_path]
    table = pd.read_parquet(run.predictions_path)
    table.iloc[:-1].to_parquet(run.predictions_path, index=False)
    assert len(case_tables.cases(run)) == len(resources.predictions(run)) == len(table) - 1 and len(read) == 2


def test_a_files_damage_is_told_each_time_and_its_repair_seen(workspace, tmp_path):
    run = make_run(workspace, make_dataset(workspace, tmp_path))
    assert case_tables.neighbours(run) is None
    run.neighbours_path.write_bytes(b"no table")
    for _ in range(2):
        with pytest.raises(WorkspaceError):
            case_tables.neighbours(run)
    run.neighbours_path.unlink()
    assert case_tables.neighbours(run) is None


def test_nothing_else_in_the_app_keeps_what_it_read():
    own = {file_cache.__name__, BY_THE_CLOCK}
    keeping = {name for name, module in modules().items() if name.startswith("app.")
               and any(word in module.path.read_text(encoding="utf-8") for word in ("cache_data", "cache_resource"))}
    assert keeping == own and (PROJECT / "app").is_dir()
