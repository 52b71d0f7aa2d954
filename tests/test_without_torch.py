"""A model with a linear head answers on a processor without PyTorch, and pages of finished runs need none; each in a
process of its own."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from pipeline.models.model_info import read_model_info, write_model_info
from tests import cross_validation
from tests.app_pages import PROJECT
from tests.hand_made import image_bytes, make_dataset, make_run
from tests.random_models import make_model
from tests.test_architecture import HEAVY

_TOLD = f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]), file=sys.stderr)"
_COMMAND = f"""
import json, sys
from pipeline.cli import main
code = main(sys.argv[1:])
{_TOLD}
sys.exit(code)
"""
_PAGES = f"""
import json, sys
from tests.app_pages import open_page, words

def loaded():
    return [name for name in {HEAVY!r} if name in sys.modules]

run, image, upload = sys.argv[1:]
found = {{}}
for page in ("home", "errors", "explore", "evaluation", "models", "classify"):
    at = open_page(page, **({{"run": run}} if page in ("errors", "explore", "evaluation") else {{}}))
    assert not at.error, (page, at.error[0].value)
    found[page] = loaded()
at = open_page("case", run=run, image=image)
at.slider(key="what_if.brightness").set_value(-50).run()
assert not at.exception and not at.error and "The prediction " in words(at)
found["case"] = loaded()
for model in (run, "cv"):
    at = open_page("classify", model=model)
    at.radio(key="source").set_value("uploads").run()
    with open(upload, "rb") as file:
        at.file_uploader(key="uploads").set_value([("a.jpg", file.read(), "image/jpeg")]).run()
    at.radio(key="dermatoscope").set_value("yes").run()
    assert not at.exception and not at.error and "Model output: " in words(at), words(at)
    found["upload to " + model] = loaded()
print(json.dumps(found))
"""


@pytest.fixture
def linear(workspace, tmp_path):
    """A finished run whose model has a linear head, and a cross-validation's `cv` of five times that network: (run, an
    image that none of them knows)."""
    dataset = make_dataset(workspace, tmp_path)
    run = make_run(workspace, dataset)
    info = read_model_info(run.model, run.name)
    trained = make_model(workspace, "other", info.arch, width=info.width, height=info.height, head="linear")
    shutil.copy(trained.weights_path, info.weights_path)
    write_model_info(info.__class__(**{**vars(info), "head": "linear"}))
    cross_validation.make_model(workspace, dataset, [run] * cross_validation.FOLDS, "cv")
    image = tmp_path / "upload.jpg"
    image.write_bytes(image_bytes(5, True))
    return run, image


def _python(workspace, program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], cwd=PROJECT, capture_output=True, text=True,
        timeout=300, check=False, env={**os.environ, "LESIONLAB_HOME": str(workspace.home)},
    )
    assert done.returncode == 0, done.stderr
    return done


def test_predict_loads_no_heavy_package(workspace, linear, tmp_path):
    run, image = linear
    csv = tmp_path / "out.csv"
    for model, form in ((run.name, ["--csv", csv]), (run.name, ["--json"]), ("cv", ["--json"])):
        done = _python(workspace, _COMMAND, "predict", "--model", model, image, *form)
        assert json.loads(done.stderr.splitlines()[-1]) == [], (model, form)
        if form == ["--json"]:
            shares = json.loads(done.stdout)["images"][0]["probabilities"]
            assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    assert len(csv.read_text().splitlines()) == 2


def test_models_are_listed_without_any(workspace, linear):
    done = _python(workspace, _COMMAND, "models", "list", "--json")
    assert json.loads(done.stderr.splitlines()[-1]) == []
    assert {model["name"] for model in json.loads(done.stdout)["models"]} == {linear[0].name, "other", "cv"}


def test_no_page_needs_any_not_even_for_an_upload_or_what_if(workspace, linear):
    run, image = linear
    held_out = run.predictions()["image_id"].iloc[0]
    done = _python(workspace, _PAGES, run.name, held_out, image)
    assert {page: heavy for page, heavy in json.loads(done.stdout.splitlines()[-1]).items() if heavy} == {}
