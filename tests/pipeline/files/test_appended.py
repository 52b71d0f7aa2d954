"""Lines that several processes add to a file: none is lost, and none is half."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import WorkspaceError
from pipeline.files.appended import append_line, read_lines

_MOST = 10**7


def test_what_a_killed_process_left_of_a_line_is_passed_over(tmp_path):
    path = tmp_path / "lines.jsonl"
    whole = json.dumps({"at": 1.5, "word": "nävus", "ticks": ["dots"]}).encode()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + b"\n" + whole[:cut])
        assert read_lines(path, _MOST) == [whole]
        append_line(path, {"at": 2}, _MOST)
        assert read_lines(path, _MOST) == [whole, b'{"at": 2}']
    assert read_lines(tmp_path / "none.jsonl", _MOST) == []


def test_what_is_no_beginning_of_a_line_is_left_to_who_checks_it(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'[1]\n\xff\xfe\n{"a" 1}\n')
    assert read_lines(path, _MOST) == [b"[1]", b"\xff\xfe", b'{"a" 1}']


def test_a_file_grows_to_its_limit(tmp_path):
    path = tmp_path / "lines.jsonl"
    with pytest.raises(WorkspaceError, match="larger"):
        for number in range(100):
            append_line(path, {"at": number}, 100)
    assert 80 < path.stat().st_size <= 100 and len(read_lines(path, 100)) == 10


def test_lines_of_several_processes_do_not_mix(tmp_path):
    path = tmp_path / "lines.jsonl"
    adds = ("import sys; from pathlib import Path; from pipeline.files.appended import append_line\n"
            "for n in range(200): append_line(Path(sys.argv[2]), {'who': sys.argv[1], 'n': n, 'x': 'x' * 300}, 10**7)")
    project = Path(__file__).resolve().parents[3]
    workers = [subprocess.Popen([sys.executable, "-c", adds, str(who), str(path)], cwd=project) for who in range(3)]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    found = [json.loads(line) for line in read_lines(path, _MOST)]
    for who in "012":
        assert [one["n"] for one in found if one["who"] == who] == list(range(200))
