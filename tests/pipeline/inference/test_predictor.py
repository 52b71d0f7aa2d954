"""One network as a classifier: the answers of its weights in PyTorch, from files in order, and refusals in words."""

import dataclasses
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from PIL import Image
from safetensors.torch import load_file, save_file

from pipeline.configuration.config import HEADS
from pipeline.errors import ModelError
from pipeline.inference.network_parts import NetworkParts, load_network, parts_of
from pipeline.inference.predict_files import _Prepared, predict_files
from pipeline.inference.predictor import Predictor
from pipeline.networks.torch_network import TorchBody
from tests.hand_made import CODES, image_bytes
from tests.random_models import make_model
from tests.small_archives import exactly


@pytest.fixture(scope="module", params=[(arch, head) for arch in ("efficientnet_lite0", "resnet18") for head in HEADS],
                ids=" ".join)
def info(request, tmp_path_factory):
    """A model with an untrained network."""
    from pipeline.files.workspace import Workspace

    arch, head = request.param
    return make_model(Workspace(tmp_path_factory.mktemp(arch)).create(), "model", arch, head=head)


def _pixels(count, info, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, info.height, info.width, 3), dtype=np.uint8)


def _in_torch(info, pixels, targets):
    """Probabilities, heatmaps and embeddings of the whole network by PyTorch and captum."""
    network = load_network(info).eval()
    mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in info.normalisation)
    images = (torch.tensor(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
    cam = LayerGradCam(network, network[0]).attribute(images, target=torch.tensor(targets), relu_attributions=True)
    with torch.inference_mode():
        return (network(images).softmax(1).numpy(), cam[:, 0].detach().numpy(),
                network[0](images).mean((2, 3)).numpy())


def test_probabilities_heatmaps_and_embeddings_are_those_of_torch(info):
    pixels, targets, predictor = _pixels(5, info), np.arange(5), Predictor(info)
    shares, heatmaps, embeddings = _in_torch(info, pixels, targets)
    assert np.ptp(shares, axis=0).max() > 1e-3  # the images differ, so agreement says something
    np.testing.assert_allclose(predictor.probabilities(pixels), shares, atol=1e-5)
    np.testing.assert_allclose(predictor.probabilities(list(pixels[:1])), shares[:1], atol=1e-5)
    np.testing.assert_allclose(predictor.embedding(pixels), embeddings, rtol=1e-3, atol=1e-4 * embeddings.max())
    near = {"rtol": 1e-3, "atol": 1e-4 * max(1.0, float(heatmaps.max()))}
    explained = predictor.predict_and_explain(pixels, targets)
    np.testing.assert_allclose(explained.probabilities, shares, atol=1e-5)
    np.testing.assert_allclose(explained.truth, heatmaps, **near)
    np.testing.assert_allclose(explained.predicted, _in_torch(info, pixels, shares.argmax(1))[1], **near)
    of_one, features, each = predictor.output(pixels[4])
    np.testing.assert_allclose(of_one, shares[4], atol=1e-5)
    assert (each == of_one).all() and each.shape == (1, len(CODES))
    np.testing.assert_allclose(predictor.explain(pixels[4], CODES[4]), heatmaps[4], **near)
    np.testing.assert_allclose(predictor.explain(pixels[4], CODES[4], features), heatmaps[4], **near)


def test_a_network_in_memory_answers_as_from_its_file(info):
    pixels, network = _pixels(3, info), load_network(info)
    in_memory = Predictor(info, parts_of(info, network, "cpu"))
    np.testing.assert_array_equal(in_memory.probabilities(pixels), Predictor(info).probabilities(pixels))


def test_a_body_in_torch_gives_the_same_answers(info):
    """As on a GPU."""
    pixels, network, whole = _pixels(3, info), load_network(info), Predictor(info)
    head = parts_of(info, network, "cpu").head
    on_torch = Predictor(info, NetworkParts(TorchBody(network[0], "cpu"), head))
    np.testing.assert_allclose(on_torch.probabilities(pixels), whole.probabilities(pixels), atol=1e-5)
    expected = whole.explain(pixels[0], CODES[1])
    np.testing.assert_allclose(on_torch.explain(pixels[0], CODES[1]), expected, rtol=1e-3,
                               atol=1e-4 * max(1.0, float(expected.max())))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu_the_answers_are_those_of_the_processor(info):
    pixels, on_gpu, here = _pixels(3, info), Predictor(info, device="cuda"), Predictor(info)
    np.testing.assert_allclose(on_gpu.probabilities(pixels), here.probabilities(pixels), atol=2e-3)
    np.testing.assert_allclose(on_gpu.embedding(pixels), here.embedding(pixels), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("head", HEADS)
def test_weights_stored_as_float16_answer_as_those_of_32_bits(workspace, head):
    info = make_model(workspace, "model", "efficientnet_lite0", head=head)
    expected = Predictor(info).probabilities(_pixels(3, info))
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(info.weights_path).items()
    }
    save_file(halves, info.weights_path)
    got = Predictor(info).probabilities(_pixels(3, info))
    assert got.dtype == np.float32 and 0 < np.abs(got - expected).max() <= 5e-3
    network = load_network(info)
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert {b.dtype for b in network.buffers()} == {torch.float32, torch.int64}


def test_weights_that_do_not_fit_or_are_no_numbers_are_refused_in_words(workspace):
    info = make_model(workspace, "model", "resnet18", head="linear")
    unfit = exactly(f"The weights at {info.weights_path} do not fit the model model. Train it again.")
    with pytest.raises(ModelError, match=unfit):
        Predictor(dataclasses.replace(info, head="fastai"))
    with pytest.raises(ModelError, match=unfit):
        Predictor(dataclasses.replace(info, classes=CODES[:3]))
    with pytest.raises(ModelError, match="names a network that LesionLab does not have"):
        Predictor(dataclasses.replace(info, arch="resnet1"))
    weights = load_file(info.weights_path)
    weights["0.0.weight"][0, 0, 0, 0] = float("nan")
    save_file(weights, info.weights_path)
    with pytest.raises(ModelError, match=r"are no finite numbers\."):
        Predictor(info)
    info.weights_path.unlink()
    with pytest.raises(ModelError, match="^The model model has no weights at "):
        Predictor(info)


def test_files_are_answered_in_order_and_bad_ones_told_in_between(info, tmp_path):
    paths = []
    for number in range(45):
        path = tmp_path / f"{number:02d}.jpg"
        path.write_bytes(b"no image" if number in (0, 7, 44) else image_bytes(number, False, (80, 60)))
        paths.append(path)
    predictor, heard = Predictor(info), []
    table = predict_files(
        predictor, paths, lambda path, error: heard.append((path, str(error))),
        lambda path, generated: heard.append((path, generated)),
    )
    assert [path for path, _ in heard] == paths
    bad = "{} is not an image that LesionLab can read. Use a JPEG or PNG file."
    assert [said for _, said in heard if said is not False] == [bad.format(paths[n].name) for n in (0, 7, 44)]
    good = [path for path in paths if path.stem not in ("00", "07", "44")]
    assert list(table["path"]) == [str(path) for path in good] and list(table["image"]) == [p.stem for p in good]
    expected = predictor.probabilities([predictor.prepare(Image.open(path)) for path in good])
    np.testing.assert_allclose(table[list(info.classes)].to_numpy(), expected, atol=1e-6)


def test_few_images_are_open_at_a_time(info, monkeypatch):
    opened, lock = [], threading.Lock()
    monkeypatch.setattr("pipeline.inference.predict_files._prepared", lambda predictor, path, checked: note(path))

    def note(path):
        with lock:
            opened.append(path)
        return _Prepared(np.zeros((info.height, info.width, 3), dtype=np.uint8), False)

    most = []
    predict_files(Predictor(info), [Path(f"{n}.jpg") for n in range(60)], pytest.fail,
                  lambda path, generated: most.append(len(opened) - len(most)))
    assert len(opened) == 60 and max(most) <= 8
