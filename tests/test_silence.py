"""Nothing is sent and nothing is left in the home folder unless somebody asked for a download: not by a page, a
prediction, a training or an export, by no library and no child of theirs."""

import ast
import os
import subprocess
import sys

import pytest

from tests import silence
from tests.app_pages import PROJECT
from tests.small_archives import jpeg

TOLD = ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_OFFLINE", "DO_NOT_TRACK", "MPLCONFIGDIR")
LIBRARIES = ("onnxruntime", "matplotlib", "timm", "huggingface_hub", "fastai", "captum", "torch")
# ends the process at the first library that has habits of its own, and says what the environment was then
LOAD = f"""
import importlib, os, sys
class AtEachImport:
    def find_spec(self, name, path=None, target=None):
        if name in {LIBRARIES!r}:
            print(name, *(variable for variable in {TOLD!r} if not os.environ.get(variable)), flush=True)
            os._exit(0)
sys.meta_path.insert(0, AtEachImport())
importlib.import_module(sys.argv[1])
"""


def modules() -> list[str]:
    """Those of ours that import one of the libraries, at their import or later."""
    found = []
    for path in sorted(path for folder in ("app", "pipeline", "tests") for path in (PROJECT / folder).rglob("*.py")):
        names = {name.name if isinstance(node, ast.Import) else node.module or ""
                 for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                 if isinstance(node, (ast.Import, ast.ImportFrom)) for name in node.names}
        if any(name.partition(".")[0] in ("onnxruntime", "matplotlib", "timm", "huggingface_hub") for name in names):
            found.append(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    return found


@pytest.mark.parametrize("module", modules())
def test_no_module_of_ours_loads_a_talkative_library_before_it_is_told(module):
    bare = {key: value for key, value in os.environ.items() if key not in TOLD}
    done = subprocess.run([sys.executable, "-c", LOAD, module], cwd=PROJECT, env=bare, capture_output=True, text=True,
                          check=True)
    assert len(done.stdout.split()) <= 1, done.stdout


def heard(tmp_path, *command: str, home=None) -> silence.Heard:
    if not silence.possible():
        pytest.skip("this machine gives no process a network of its own")
    workspace = home or tmp_path / "home"
    said = silence.listen_to([sys.executable, "-m", *command], tmp_path / "listened", LESIONLAB_HOME=str(workspace))
    assert said.code == 0, said.said
    return said


def assert_silent(said: silence.Heard) -> None:
    assert (said.proxied, said.outside, said.left) == (0, 0, []), said


def test_what_listens_hears(tmp_path):
    """An attempt by name, one by address, one through the proxy, and a file in the home folder."""
    program = ("import contextlib, os, socket, urllib.request\n"
               "from pathlib import Path\n"
               "Path.home().joinpath('left').touch()\n"
               "for host in ('lesionlab.example', '192.0.2.1'):\n"
               "    with contextlib.suppress(OSError): socket.create_connection((host, 443), 1)\n"
               "with contextlib.suppress(OSError): urllib.request.urlopen('http://lesionlab.example', timeout=1)\n")
    (tmp_path / "talks.py").write_text(program)
    if not silence.possible():
        pytest.skip("this machine gives no process a network of its own")
    said = silence.listen_to([sys.executable, str(tmp_path / "talks.py")], tmp_path / "listened")
    assert said.proxied == 1 and said.outside >= 2 and said.left == ["left"]


def test_a_prediction_is_silent(tmp_path):
    (tmp_path / "image.jpg").write_bytes(jpeg(1))
    assert_silent(heard(tmp_path, "pipeline", "predict", "--model", "default", str(tmp_path / "image.jpg")))


def test_every_page_is_silent(tmp_path):
    said = heard(tmp_path, "tests.visit", str(tmp_path / "home"))
    assert_silent(said)
    assert "models " in said.said and "Traceback" not in said.said


@pytest.mark.slow
def test_a_training_and_exports_are_silent(tmp_path, trained):
    home, run = trained
    train = ("pipeline", "train", "--data", "tiny", "--preset", "demo", "--set", "size=48x32", "--set", "epochs=1,1",
             "--set", "batch_size=8")
    commands = [train] + [("pipeline", "export", run.name, "--format", form, str(tmp_path / form))
                          for form in ("bundle", "onnx", "fastai")]
    for number, command in enumerate(commands):
        place = tmp_path / str(number)
        place.mkdir()
        assert_silent(heard(place, *command, home=home.home))
