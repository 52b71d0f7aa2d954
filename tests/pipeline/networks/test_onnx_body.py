"""The bodies in ONNX Runtime: their graphs are those of today's libraries, and their features PyTorch's."""

import numpy as np
import onnx
import pytest
import torch

from pipeline.configuration.network_registry import NETWORKS
from pipeline.errors import ModelError
from pipeline.networks.architectures import build_network
from pipeline.networks.body_graphs import body_graph
from pipeline.networks.onnx_body import OnnxBody, body_tensors, compute_threads, graph_path, read_graph
from pipeline.networks.torch_network import TorchBody, arrays_of, body_of
from tests.random_models import settle
from tests.small_archives import exactly

SIZES = ((64, 96), (75, 101))  # the second is odd, where timm's convolutions pad one side more


def _body(arch, seed=0):
    torch.manual_seed(seed)
    network = build_network(arch, 2, "random", head="linear")
    with torch.no_grad():
        for tensor in network[0].parameters():
            if tensor.dim() == 1:  # a new network's are ones and zeros
                tensor += 0.2 * torch.randn_like(tensor)
    return settle(network)[0]


def _images(*size, n=2):
    return np.random.default_rng(0).normal(size=(n, 3, *size)).astype(np.float32)


@pytest.mark.parametrize("arch", NETWORKS)
def test_features_are_those_of_torch_at_any_size(arch):
    body = _body(arch)
    in_onnx, in_torch = body_of(arch, body, "cpu"), TorchBody(body, "cpu")
    assert isinstance(in_onnx, OnnxBody)
    for size in SIZES:
        got, expected = in_onnx(_images(*size)), in_torch(_images(*size))
        assert got.dtype == np.float32 and got.shape == expected.shape
        assert got.shape[1] == read_graph(arch).features and np.ptp(expected) > 1e-2
        assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("arch", NETWORKS)
def test_the_graph_that_lies_here_is_the_one_that_the_libraries_give(arch):
    assert graph_path(arch).read_bytes() == body_graph(arch), "run python -m pipeline.networks.body_graphs"


@pytest.mark.parametrize("arch", NETWORKS)
def test_a_graph_has_the_names_of_the_state_and_no_weights(arch):
    state = build_network(arch, 2, "random", head="linear")[0].state_dict()
    assert body_tensors(arch) == {name: tuple(tensor.shape) for name, tensor in state.items()}
    content = graph_path(arch).read_bytes()
    assert len(content) < 100_000 and b".py" not in content and b"site-packages" not in content
    assert not [tensor.name for tensor in onnx.load_from_string(content).graph.initializer if tensor.raw_data]


def test_it_has_its_own_weights_whatever_the_network_learns_afterwards():
    body = _body("resnet18")
    opened = body_of("resnet18", body, "cpu")
    before = opened(_images(64, 64))
    with torch.no_grad():
        for tensor in body.parameters():
            tensor.zero_()
    np.testing.assert_array_equal(opened(_images(64, 64)), before)


def test_weights_in_16_bits_are_computed_with_in_32():
    weights = arrays_of(_body("efficientnet_lite0"))
    halves = {name: of.astype(np.float16) if of.dtype.kind == "f" else of for name, of in weights.items()}
    got, expected = (OnnxBody("efficientnet_lite0", of)(_images(64, 64)) for of in (halves, weights))
    assert got.dtype == np.float32 and 0 < np.abs(got - expected).max() < 0.02 * np.abs(expected).max()


def test_weights_of_another_network_are_refused():
    weights = arrays_of(_body("resnet18"))
    sentence = exactly("The weights are not those of the network resnet34. Train it again.")
    with pytest.raises(ModelError, match=sentence):
        OnnxBody("resnet34", weights)
    weights["0.weight"] = weights["0.weight"][:, :2]
    with pytest.raises(ModelError, match=r"^The weights are not those of the network resnet18\."):
        OnnxBody("resnet18", weights)


def test_what_cannot_be_computed_names_onnx_runtime():
    body = body_of("resnet18", _body("resnet18"), "cpu")
    with pytest.raises(ModelError, match="^ONNX Runtime failed: "):
        body(np.zeros((1, 4, 48, 64), dtype=np.float32))


def test_threads_are_those_asked_for_else_the_cores(monkeypatch):
    for asked, threads in (("3", 3), ("", None), ("0", None), ("many", None)):
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
        assert compute_threads.__wrapped__() == threads or threads is None and compute_threads.__wrapped__() >= 1
