"""The fastai learner opens with plain fastai, without this project and without timm, and answers as LesionLab does."""

import csv
import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from pipeline import cli
from pipeline.configuration.network_registry import HALF, NETWORKS
from pipeline.export.fastai_export import CLOSEST, export_fastai
from pipeline.export.formats import left_out
from pipeline.export.stock_network import stock_network
from pipeline.files.workspace import Workspace
from pipeline.inference.predictor import Predictor
from pipeline.models.model_info import find_model
from pipeline.networks.architectures import build_network
from tests.random_models import make_model, settle

_NOTEBOOK = """
import json, sys
sys.modules["timm"] = None  # plain fastai does not need it
try:
    import pipeline
    sys.exit("this project is on the path")
except ModuleNotFoundError:
    pass
from fastai.vision.all import load_learner, torch
answers = {}
for exported in json.loads(sys.argv[1]):
    learner = load_learner(exported)
    with learner.no_bar():
        predicted = {file: learner.predict(file) for file in json.loads(sys.argv[2])}
    answers[exported] = {
        "vocab": list(learner.dls.vocab), "training": learner.model.training,
        "dtypes": sorted({str(p.dtype) for p in learner.model.parameters()}),
        "callbacks": [type(cb).__module__ for cb in learner.cbs], "loss": type(learner.loss_func).__module__,
        "modules": sorted({type(m).__module__.partition(".")[0] for m in learner.model.modules()}),
        "predicted": {file: [code, shares.tolist()] for file, (code, _, shares) in predicted.items()},
    }
print(json.dumps(answers))
"""


def _in_a_notebook(exports, files, cwd):
    """What a fresh interpreter in another folder makes of them; it sees neither this project nor the environment."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", _NOTEBOOK, json.dumps([str(e) for e in exports]), json.dumps(files)],
        cwd=cwd, capture_output=True, text=True, timeout=300, check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_plain_fastai_gives_the_probabilities_of_predict(trained, tiny_set, tmp_path, monkeypatch, capfd):
    workspace, run = trained
    monkeypatch.setenv("LESIONLAB_HOME", str(workspace.home))
    resnet = make_model(workspace, "random-resnet", "resnet18", normalize=False)
    assert run.config().normalisation == HALF
    files = sorted(str(path) for path in tiny_set.rglob("*.jpg"))[:24]
    exports, elsewhere = {}, tmp_path / "notebooks"
    elsewhere.mkdir()
    for name in (run.name, resnet.name):
        exports[name] = tmp_path / name / "export.pkl"
        assert cli.main(["export", name, "--format", "fastai", str(exports[name])]) == 0
        assert cli.main(["predict", "--model", name, *files, "--csv", str(tmp_path / f"{name}.csv")]) == 0
    answers = _in_a_notebook(exports.values(), files, elsewhere)
    for name, exported in exports.items():
        info, answer = find_model(workspace, name), answers[str(exported)]
        assert answer["vocab"] == list(info.classes)
        assert (answer["training"], answer["dtypes"]) == (False, ["torch.float32"])
        assert set(answer["modules"]) <= {"torch", "torchvision", "fastai"}
        assert all(module.startswith("fastai.") for module in [*answer["callbacks"], answer["loss"]])
        rows = {row["image"]: row for row in csv.DictReader((tmp_path / f"{name}.csv").open())}
        expected = np.array([[float(rows[_stem(file)][code]) for code in info.classes] for file in files])
        got = np.array([answer["predicted"][file][1] for file in files])
        difference = np.abs(got - expected).max()
        with capfd.disabled():
            print(f"\n{name}: largest difference of {got.size} probabilities {difference:.2g}")
        assert difference <= CLOSEST and np.ptp(got, axis=0).max() > 100 * CLOSEST  # the images differ, so it says much
        assert [answer["predicted"][file][0] for file in files] == [
            info.classes[i] for i in expected.argmax(1)
        ]


def _stem(file):
    return file.rpartition("/")[2].rpartition(".")[0]


def test_of_a_cross_validations_networks_one_is_exported_and_named(cross_validation, tmp_path):
    info = find_model(Workspace(cross_validation / "home"), "cv")
    assert export_fastai(info, tmp_path / "export.pkl") <= CLOSEST
    file = str(sorted((cross_validation / "source").glob("*.jpg"))[0])
    answer = _in_a_notebook([tmp_path / "export.pkl"], [file], tmp_path)[str(tmp_path / "export.pkl")]
    plain = Predictor(dataclasses.replace(info.of_fold(0), temperature=1.0, frequencies=None))
    with Image.open(file) as image:
        expected = plain.probabilities([plain.prepare(image)])[0]
    assert answer["predicted"][file][1] == pytest.approx(expected.tolist(), abs=CLOSEST)
    assert left_out(info, "fastai").startswith(
        "The fastai learner gives the plain output of one of the 5 networks, that of fold 0, for the image as it is: "
        "without the mean over networks and flips")


def test_the_file_names_no_place_of_this_computer(trained, tmp_path):
    workspace, run = trained
    export_fastai(find_model(workspace, run.name), tmp_path / "export.pkl")
    content = (tmp_path / "export.pkl").read_bytes()
    assert str(tmp_path).encode() not in content and b"example.png" not in content and b"pipeline." not in content


def test_a_cropping_model_is_exported_too_and_the_difference_is_told(trained, tmp_path):
    workspace, run = trained
    info = dataclasses.replace(find_model(workspace, run.name), resize="crop")
    assert 0 <= export_fastai(info, tmp_path / "export.pkl") < 0.5


@pytest.mark.parametrize("arch", NETWORKS)
@pytest.mark.parametrize("size", [(64, 96), (75, 51)])
def test_every_network_is_rebuilt_from_stock_classes(arch, size):
    torch.manual_seed(0)
    network = settle(build_network(arch, 3, "random"))
    images = torch.rand(2, 3, *size)
    with torch.inference_mode():
        expected = network(images).clone()
        got = stock_network(network, *size)(images)
    assert expected.std() > 1e-3
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))
