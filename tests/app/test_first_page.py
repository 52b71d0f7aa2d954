"""Opening the first page loads neither torch nor fastai, whatever the workspace holds."""

import json
import os
import subprocess
import sys

import pytest

from tests.app_pages import PROJECT
from tests.hand_made import make_dataset, make_run
from tests.test_architecture import HEAVY

_OPEN_HOME = f"""
import json, sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file("app/main.py", default_timeout=60).run()
assert not at.exception, at.exception
heavy = [name for name in {(*HEAVY, "sklearn")!r} if name in sys.modules]
print(json.dumps({{"title": at.title[0].value, "heavy": heavy}}))
"""


@pytest.mark.parametrize("stocked", [False, True], ids=["empty", "with-runs"])
def test_home_loads_no_heavy_package(workspace, tmp_path, stocked):
    if stocked:
        make_run(workspace, make_dataset(workspace, tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", _OPEN_HOME], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "LESIONLAB_HOME": str(workspace.home)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"title": "What do you see?", "heavy": []}
