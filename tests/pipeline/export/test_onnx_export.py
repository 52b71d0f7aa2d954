"""The ONNX file: one file, any number of images, the probabilities of the model, and what it says of itself."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from pipeline.data.prepare import prepare_image
from pipeline.errors import ModelError
from pipeline.export import onnx_export
from pipeline.export.formats import export_model
from pipeline.export.onnx_export import CLOSEST, INPUT, OUTPUT, export_onnx
from pipeline.files.workspace import Workspace
from pipeline.images.reading import open_image
from pipeline.inference.classifier import open_classifier
from pipeline.inference.predict_files import predict_files
from pipeline.inference.predictor import Predictor
from pipeline.models.model_info import find_model
from pipeline.models.notice import notice
from tests.random_models import make_model


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    """The trained model as ONNX: (info, path, the difference that the export told)."""
    workspace, run = trained
    info, path = find_model(workspace, run.name), tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    return info, path, export_onnx(info, path)


def _run(path, images):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run([OUTPUT], {INPUT: images})[0]


def _pixels(info, files):
    images = [prepare_image(open_image(file, file.name), info.height, info.width, info.resize) for file in files]
    return np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))


def test_onnx_runtime_gives_the_probabilities_of_predict(exported, tiny_set, capfd):
    info, path, told = exported
    files = sorted(tiny_set.rglob("*.jpg"))[:40]
    table = predict_files(Predictor(info), files, on_problem=lambda file, error: pytest.fail(str(error)))
    expected, got = table[list(info.classes)].to_numpy(), _run(path, _pixels(info, files))
    difference = np.abs(got - expected).max()
    with capfd.disabled():
        print(f"\nONNX: largest difference of {got.size} probabilities {difference:.2g}, told {told:.2g}")
    assert got.dtype == np.float32 and difference <= CLOSEST and told <= CLOSEST
    assert np.ptp(got, axis=0).max() > 0.1  # the images differ, so agreement says something
    np.testing.assert_allclose(_run(path, _pixels(info, files[:1])), got[:1], atol=1e-5)


def test_it_is_one_file_that_says_what_it_is(exported):
    info, path, _ = exported
    assert [file.name for file in path.parent.iterdir()] == ["tiny.onnx"]
    said = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(said["classes"]) == list(info.classes)
    assert (said["width"], said["height"], said["notice"]) == ("48", "32", notice(info))
    assert said["preparation"] == (
        "Open the image upright, in RGB. Resize it to 48 by 32 pixels with bilinear filtering, changing its aspect. "
        "Give the values 0 to 255 as uint8 (N, 3, 32, 48); the file scales and normalises them itself."
    )
    assert json.loads(said["normalisation_inside"]) == {"mean": [0.5] * 3, "std": [0.5] * 3}
    assert said["trained_on"] == "generated drawings" and said["licence_of_training_images"] == "Apache 2.0"
    content = path.read_bytes()
    assert b".py" not in content and b"site-packages" not in content


def test_a_resnet_without_normalisation_that_crops(workspace):
    info = make_model(workspace, "resnet", "resnet18", normalize=False, resize="crop", classes=("mel", "nv"))
    path = workspace.home / "resnet.onnx"
    assert export_onnx(info, path) <= CLOSEST
    said = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert "until it just covers 64 by 48 pixels and take the middle" in said["preparation"]
    assert json.loads(said["normalisation_inside"]) == {"mean": [0, 0, 0], "std": [1, 1, 1]}


def test_a_cross_validations_networks_are_one_file_that_gives_their_mean(cross_validation, tmp_path):
    workspace = Workspace(cross_validation / "home")
    info, path = find_model(workspace, "cv"), tmp_path / "cv.onnx"
    assert export_model(workspace, info, "onnx", path) <= 1e-5
    classifier = open_classifier(workspace, info)
    files = sorted((cross_validation / "source").glob("*.jpg"))[:8]
    pixels = np.stack([classifier.prepare(open_image(file, file.name)) for file in files])
    got = _run(path, np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
    assert got == pytest.approx(classifier.probabilities(pixels), abs=1e-5)
    assert np.abs(got - Predictor(info.of_fold(0)).probabilities(pixels)).max() > 1e-3
    said = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert said["networks"].startswith("These are the 5 networks of one cross-validation")


def test_a_file_that_answers_otherwise_is_not_kept(trained, tmp_path, monkeypatch):
    workspace, run = trained

    class Darker(onnx_export._FromPixels):
        def __init__(self, network, info):
            super().__init__(network, info)
            self.mean += 0.4

    monkeypatch.setattr(onnx_export, "_FromPixels", Darker)
    sentence = r"^The ONNX file's probabilities differ from the model's by 0\.\d+\.$"
    with pytest.raises(ModelError, match=sentence):
        export_onnx(find_model(workspace, run.name), tmp_path / "wrong.onnx")
    assert not list(tmp_path.iterdir())
