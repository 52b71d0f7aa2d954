"""Records that are kept while their file stays as it is."""

import os
from dataclasses import asdict, replace

import pytest

from pipeline.errors import MissingFileError, WorkspaceError
from pipeline.files import records
from pipeline.runs.status import just_queued, stored_status, write_status


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
