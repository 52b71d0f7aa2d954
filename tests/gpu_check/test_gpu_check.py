"""The check of a GPU on a machine without one: what it says, its packages and times, and some of its rows by the
processor."""

import importlib.metadata
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.gpu_check import answer_rows, training_rows
from tests.gpu_check.brought import BROUGHT, EXPECTED, unpack
from tests.gpu_check.check_plan import MOST_SECONDS, ROWS, with_needs

ROOT = Path(__file__).resolve().parents[2]
_ROWS_HERE = """
import json, sys
from pipeline.files.workspace import current_workspace
from tests.gpu_check.one_row import outcome
from tests.gpu_check.check_plan import SMALL, Check

check = Check("cpu", SMALL, current_workspace())
found = {name: outcome(name, check) for name in sys.argv[1:]}
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"rows": {n: [o.state, o.words, o.measured] for n, o in found.items()}, "modules": loaded}))
"""


@pytest.fixture
def without_a_card(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("LESIONLAB_HOME", str(tmp_path / "home"))


def _check(place: Path, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "tests.gpu_check", "--out", str(place), *options], cwd=ROOT, capture_output=True,
        text=True, timeout=300,
    )


def test_the_rows_fit_into_the_time_and_stand_after_those_that_they_need():
    assert sum(row.seconds for row in ROWS.values()) <= MOST_SECONDS - 10
    names = list(ROWS)
    for place, row in enumerate(ROWS.values()):
        assert row.needs is None or names.index(row.needs) < place
        module, function = row.function.split(".")
        assert callable(getattr({"answer_rows": answer_rows, "training_rows": training_rows}[module], function))
    assert with_needs(["answers"]) == ["device", "data", "fp32", "answers"]


def test_a_machine_without_a_card_says_so_in_one_sentence(tmp_path, without_a_card):
    done = _check(tmp_path, "--rows", "device")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[1:] == [
        "This machine has no CUDA card that its driver reports (NVML); --device cpu --small checks the rows on the "
        "processor."
    ]


def test_a_row_that_overruns_is_stopped_and_said(tmp_path, without_a_card):
    done = _check(tmp_path, "--device", "cpu", "--small", "--rows", "data", "--patience", "0.001")
    assert done.returncode == 1
    rows = json.loads((tmp_path / "gpu-check.json").read_text(encoding="utf-8"))["rows"]
    assert {name: (row["state"], row["words"]) for name, row in rows.items()} == {
        "device": ("failed", "It was stopped after 0 seconds."), "data": ("not run", "It needs the row device."),
    }
    assert "It was stopped after 0 seconds." in done.stdout


def test_wheels_stand_in_for_what_is_missing_or_older_alone(tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ("nobody_has_this-1.0-py3-none-any.whl", "numpy-0.1-cp311-cp311-linux_x86_64.whl",
                 "filelock-9999.1-py3-none-any.whl"):
        with zipfile.ZipFile(wheels / name, "w") as archive:
            archive.writestr(f"{name.partition('-')[0]}/__init__.py", "")
    assert unpack(wheels, tmp_path / "here") == {"filelock": "9999.1", "nobody-has-this": "1.0"}
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["filelock", "nobody_has_this"]
    assert unpack(tmp_path / "no such folder", tmp_path / "there") == {}


def _with_requirements(names: set[str]) -> set[str]:
    """Distributions and all that they require, by normalised name."""
    found, left = set(), {_normal(name) for name in names}
    while left:
        name = left.pop()
        found.add(name)
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # on another system
        left |= {_normal(re.match(r"[\w.-]+", one)[0]) for one in requires if "extra ==" not in one} - found
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.slow
def test_some_rows_by_the_processor_and_nothing_else_is_loaded(without_a_card):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _ROWS_HERE, "device", "data", "fp32", "memory", "answers"], cwd=ROOT,
        capture_output=True, text=True, timeout=600,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [state for state, _, _ in found["rows"].values()] == ["passed"] * 5, found["rows"]
    memory, answers = found["rows"]["memory"][2], found["rows"]["answers"][2]
    assert memory["halved"] == ["The GPU's memory ran out with 16 images in a batch: goes on with 8."]
    assert memory["largest_difference_of_losses"] == 0
    assert answers["images"] == answers["same_diagnosis"] == 20
    provided = importlib.metadata.packages_distributions()
    there = _with_requirements({name for module in EXPECTED for name in provided[module]})
    loaded = {_normal(name) for module in found["modules"] for name in provided.get(module, ())}
    assert loaded - there - set(BROUGHT) == set()
