"""What is read of a file is kept while the file stays as it is, and never without bound."""

import os
from dataclasses import asdict, replace

import pytest

from pipeline.errors import MissingFileError, WorkspaceError
from pipeline.files import records
from pipeline.files.disk import kept_while_unchanged
from pipeline.models.model_info import read_model_info
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import just_queued, stored_status, write_status
from tests.hand_made import make_dataset, make_run


def test_a_status_is_read_again_when_its_file_was_replaced_written_to_or_removed(tmp_path, monkeypatch):
    path, reads = tmp_path / "status.json", []
    read = records.read_bytes
    monkeypatch.setattr(records, "read_bytes", lambda *given: (reads.append(given[0]), read(*given))[1])
    first = just_queued()
    write_status(path, first)
    assert stored_status(path) == stored_status(path) == first and len(reads) == 1

    before = path.stat()
    second = replace(first, doing="Trains.", state="running")
    write_status(path, second)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # a clock that was put back
    assert stored_status(path) == second and len(reads) == 2

    path.write_text("{")
    for _ in range(2):
        with pytest.raises(WorkspaceError):
            stored_status(path)
    write_status(path, second)
    assert asdict(stored_status(path)) == asdict(second)
    path.unlink()
    with pytest.raises(MissingFileError):
        stored_status(path)


def test_each_further_argument_has_its_own_result_and_the_oldest_goes(tmp_path):
    path, reads = tmp_path / "words.txt", []

    @kept_while_unchanged(entries=2)
    def words(path, separator, most=9):
        reads.append(separator)
        return path.read_text().split(separator)[:most]

    path.write_text("one two")
    assert words(path, " ") is words(path, " ") and words(path, " ", most=1) == ["one"] and reads == [" ", " "]
    for separator in "oto":
        words(path, separator)
    assert reads == [" ", " ", "o", "t"]
    words(path, " ")
    assert reads[4:] == [" "]


def test_what_pages_ask_of_all_runs_and_models_is_kept(workspace, tmp_path, monkeypatch):
    run, reads = make_run(workspace, make_dataset(workspace, tmp_path)), []
    read = records.read_bytes
    monkeypatch.setattr(records, "read_bytes", lambda *given: (reads.append(given[0].name), read(*given))[1])
    for file in (run.config_path, run.status_path, run.model / "model.json"):
        os.utime(file)
    for _ in range(2):
        asked = RunDir(run.folder)
        asked.status(), asked.config(), asked.kind(), read_model_info(asked.model, run.name)
    assert sorted(reads) == ["config.json", "model.json", "status.json"]
