"""What decides on feature maps: numpy for a linear head, PyTorch for fastai's; both as PyTorch and captum compute."""

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn

from pipeline.configuration.config import HEADS
from pipeline.networks.architectures import build_head, build_network
from pipeline.networks.linear_head import LinearHead, softmax
from pipeline.networks.torch_network import TorchHead, arrays_of

TARGETS = np.array([0, 3, 6])


def _features(k=512, seed=0):
    return np.random.default_rng(seed).normal(size=(3, k, 2, 3)).astype(np.float32)


def _head(kind, seed=0):
    torch.manual_seed(seed)
    head = build_head(kind, 512, 7).eval()
    for layer in head:
        if isinstance(layer, nn.Linear) and layer.bias is not None:
            nn.init.normal_(layer.bias)
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.normal_(layer.running_mean, std=0.1)
            nn.init.uniform_(layer.running_var, 0.5, 2)
    return head


def _opened(head, kind):
    return LinearHead(arrays_of(head)) if kind == "linear" else TorchHead(head)


def _captum(head, features, targets):
    """Grad-CAM as captum has it, on the map that the head is given."""
    first = nn.Identity()
    cam = LayerGradCam(nn.Sequential(first, head), first)
    found = cam.attribute(torch.tensor(features), target=torch.tensor(targets), relu_attributions=True)
    return found[:, 0].detach().numpy()


@pytest.mark.parametrize("kind", HEADS)
def test_probabilities_and_heatmaps_are_those_of_torch_and_captum(kind):
    head, features = _head(kind), _features()
    opened = _opened(head, kind)
    with torch.inference_mode():
        expected = head(torch.tensor(features)).softmax(1).numpy()
    got = opened.probabilities(features)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-7)
    heatmaps, theirs = opened.heatmaps(features, TARGETS), _captum(head, features, TARGETS)
    assert heatmaps.dtype == np.float32 and (theirs > 0).any() and (theirs == 0).any()
    np.testing.assert_allclose(heatmaps, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", HEADS)
def test_grad_cam_on_the_head_equals_the_whole_networks(kind):
    torch.manual_seed(0)
    network = build_network("resnet18", 7, "random", head=kind).eval()
    images = torch.randn(3, 3, 64, 96)
    whole = LayerGradCam(network, network[0]).attribute(images, target=torch.tensor(TARGETS), relu_attributions=True)
    with torch.no_grad():
        features = network[0](images).numpy()
    whole = whole[:, 0].detach().numpy()
    np.testing.assert_allclose(_opened(network[1], kind).heatmaps(features, TARGETS), whole, rtol=1e-4, atol=1e-6)
    assert (whole > 0).any()


def test_softmax_of_any_logits_is_a_distribution():
    shares = softmax(np.float32([[1e4, 1e4, -1e4], [-1e38, 1e38, 0], [0.0, np.log(2), np.log(5)]]))
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares, [[0.5, 0.5, 0], [0, 1, 0], [1 / 8, 2 / 8, 5 / 8]], rtol=1e-6)


def test_fastais_head_leaves_torch_the_threads_that_it_had():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        TorchHead(_head("fastai")).probabilities(_features())
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
