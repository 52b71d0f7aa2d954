"""Networks side by side: one model whose answer is their geometric mean."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipeline.errors import ModelError
from pipeline.export.fastai_export import export_fastai
from pipeline.export.onnx_export import export_onnx
from pipeline.inference.predictor import Predictor, load_network
from pipeline.models.card_results import network_words
from pipeline.models.model_info import read_model_info, write_model_info
from pipeline.networks.side_by_side import joined_state, side_by_side
from tests.random_models import make_model


@pytest.fixture
def pair(workspace):
    """(the model of two random networks side by side, the two)."""
    members = [make_model(workspace, name, "efficientnet_lite0", seed) for name, seed in (("one", 0), ("two", 1))]
    joint = Predictor(dataclasses.replace(members[0], networks=2), side_by_side([load_network(of) for of in members]))
    return joint, [Predictor(info) for info in members]


def _images(info, n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, info.height, info.width, 3), dtype=np.uint8)


def _geometric_mean(shares: list[np.ndarray]) -> np.ndarray:
    product = np.exp(np.mean([np.log(share) for share in shares], axis=0))
    return product / product.sum(axis=1, keepdims=True)


def test_its_answer_is_the_geometric_mean(pair):
    joint, members = pair
    images = _images(joint.info)
    apart = [member.probabilities(images) for member in members]
    assert abs(apart[0] - apart[1]).max() > 0.01
    assert joint.probabilities(images) == pytest.approx(_geometric_mean(apart), abs=1e-6)


def test_its_heatmap_is_the_mean_of_the_evidence_and_its_embedding_both(pair):
    joint, members = pair
    image = _images(joint.info, 1)[0]
    features = torch.tensor(joint.output(image)[1][0])[None].requires_grad_()
    logit = joint.network[1](features)[0, 2]
    weights = torch.autograd.grad(logit, features)[0].mean((2, 3), keepdim=True)
    expected = (weights * features).sum(1).relu()[0].detach().numpy()
    assert joint.explain(image, joint.info.classes[2]) == pytest.approx(expected, rel=1e-3, abs=1e-6)
    embedding = joint.embedding(image[None])
    assert embedding[0] == pytest.approx(np.concatenate([m.embedding(image[None])[0] for m in members]), abs=1e-5)


def test_it_is_exported_as_onnx_and_not_to_fastai(pair, tmp_path):
    joint, members = pair
    states = [load_file(member.info.folder / "model.safetensors") for member in members]
    info = dataclasses.replace(joint.info, folder=tmp_path / "model", name="both")
    info.folder.mkdir()
    from safetensors.torch import save_file

    save_file(joined_state(states), info.folder / "model.safetensors")
    write_model_info(info)
    stored = read_model_info(info.folder, "both")
    assert stored.networks == 2 and network_words(stored) == "2 × EfficientNet-Lite0"
    images = _images(info)
    assert Predictor(stored).probabilities(images) == pytest.approx(joint.probabilities(images), abs=1e-6)
    assert export_onnx(stored, tmp_path / "both.onnx") < 1e-4
    with pytest.raises(ModelError, match="^The model both is 2 networks side by side, for which plain fastai has no"):
        export_fastai(stored, tmp_path / "both.pkl")
