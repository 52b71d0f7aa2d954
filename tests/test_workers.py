"""What the workers of pytest-xdist share is made once, and the journeys on shared apps stay together."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import workers
from tests.workers import longest_first, made_once, unit_of

JOURNEYS = Path(__file__).parent / "e2e"
SHARED_APP = re.compile(r"\b(empty|generated|real|stocked)_app\b")


def _worker(base: Path) -> SimpleNamespace:
    return SimpleNamespace(getbasetemp=lambda: base)


def test_the_first_worker_makes_and_the_next_one_takes(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    first, second = (_worker(tmp_path / name) for name in ("gw0", "gw1"))

    def fails(folder):
        folder.mkdir()
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        made_once(first, "set", fails)
    made = made_once(first, "set", lambda folder: folder.mkdir() or (folder / "file").write_text("made"))
    assert made_once(second, "set", pytest.fail) == made and (made / "file").read_text() == "made"
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    (tmp_path / "gw1").mkdir()
    assert made_once(second, "set", Path.mkdir) == tmp_path / "gw1" / "once-set"  # alone, nothing is anybody else's


def test_a_file_is_a_unit_and_so_are_the_journeys_on_shared_apps():
    assert unit_of("tests/pipeline/jobs/test_jobs.py::test_one[x/y.py::z]") == "tests/pipeline/jobs/test_jobs.py"
    assert unit_of("tests/e2e/test_student.py::test_one") == unit_of("tests/e2e/test_stand.py::test_two")
    assert unit_of("tests/e2e/test_journey.py::test_one") == "tests/e2e/test_journey.py"
    for name in workers._WITH_AN_APP_OF_THEIR_OWN:
        assert not SHARED_APP.search((JOURNEYS / name).read_text(encoding="utf-8")), name


def test_each_kind_of_hostile_input_is_a_unit():
    nodeids = [f"tests/hostile/test_hostile.py::test_the_quick_part_goes_as_it_must[{kind}]" for kind in "ab"]
    assert unit_of(nodeids[0]) != unit_of(nodeids[1])


def test_the_longest_begin_and_the_rest_keeps_its_order():
    ids = ["tests/pipeline/data/test_a.py::one", "tests/test_z.py::one", "tests/hostile/test_hostile.py::one",
           "tests/e2e/test_z.py::one", "tests/e2e/test_b.py::one", "tests/pipeline/audit/test_c.py::one"]
    items = [SimpleNamespace(nodeid=nodeid) for nodeid in ids]
    longest_first(items)
    assert [item.nodeid for item in items] == [ids[3], ids[4], ids[2], ids[1], ids[0], ids[5]]
    for start in workers._FIRST:
        assert list(JOURNEYS.parents[1].glob(f"{start}*")), start
