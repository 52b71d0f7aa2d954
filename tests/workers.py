"""The suite on several workers of pytest-xdist: what is shared between them, and which of them gets which tests."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

_JOURNEYS = "tests/e2e/"
_EACH_BY_ITSELF = "tests/hostile/test_hostile.py"
# what takes longest on two free cores, in this order: whoever comes last leaves no worker alone with it for long
_FIRST = (
    _JOURNEYS, _EACH_BY_ITSELF, "tests/benchmarks/", "tests/pipeline/runs/test_resume.py",
    "tests/pipeline/default_model/", "tests/pipeline/inference/", "tests/pipeline/training/", "tests/pipeline/jobs/",
    "tests/test_", "tests/hostile/", "tests/app/",
)
_WITH_AN_APP_OF_THEIR_OWN = (
    "test_accessibility_furnished.py", "test_bundled.py", "test_experimenter.py", "test_journey.py", "test_newcomer.py",
)


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that `make` created and filled: by the first worker that asks, while the others wait; not to be changed.

    Raises:
        Exception: what `make` raised; the next worker tries again.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # theirs together; each has a folder of its own in it
    folder = base / f"once-{name}"
    with FileLock(base / f"once-{name}.lock"):
        if not folder.exists():
            try:
                make(folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return folder


def unit_of(nodeid: str) -> str:
    """What goes to one worker together: a file, and all journeys that share the apps of `tests/e2e/conftest.py`; of the
    hostile inputs each kind is a unit.
    """
    path = nodeid.partition("::")[0]
    if path == _EACH_BY_ITSELF:
        return nodeid
    shares = path.startswith(_JOURNEYS) and not path.endswith(_WITH_AN_APP_OF_THEIR_OWN)
    return _JOURNEYS if shares else path


def longest_first(items: list[pytest.Item]) -> None:
    """Puts what takes longest before the rest, by `_FIRST`; else each stays in its place."""
    places = {start: place for place, start in enumerate(_FIRST)}
    items.sort(key=lambda item: min((place for start, place in places.items() if item.nodeid.startswith(start)),
                                    default=len(_FIRST)))


def scheduler(config: pytest.Config, log):
    """pytest-xdist's for `--dist loadfile`, with the units of `unit_of`, in the order of the collection."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    config.option.loadscopereorder = False  # as collected, which `longest_first` ordered
    return Scheduling(config, log)
