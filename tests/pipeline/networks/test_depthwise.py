"""Depthwise layers under bfloat16 autocast: the same outputs, gradients as exact as float32's, nothing left behind."""

import copy
import platform

import pytest
import torch
from fastai.callback import progress  # noqa: F401  no_bar is patched in
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from timm.layers import Conv2dSame
from torch import nn

from pipeline.networks.architectures import build_network
from pipeline.training.memory import keep_freed_memory
from pipeline.training.precision import Autocast, QuickDepthwise, QuickRelu6, is_slow


@pytest.mark.parametrize(
    ("layer", "slow"),
    [
        (nn.Conv2d(8, 8, 5, padding=2, groups=8, bias=False), True),
        (Conv2dSame(8, 8, 3, stride=2, groups=8, bias=False), True),
        (nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), False),
        (nn.Conv2d(8, 8, 5, stride=2, bias=False), False),
        (nn.Conv2d(8, 8, 5, groups=2, bias=False), False),
        (nn.BatchNorm2d(8), False),
    ],
)
def test_which_layers_are_slow(layer, slow):
    assert is_slow(layer) is slow


def test_lite0_has_eleven_of_them_and_a_resnet_none():
    assert sum(map(is_slow, build_network("efficientnet_lite0", 7, "random").modules())) == 11
    assert not any(map(is_slow, build_network("resnet18", 7, "random").modules()))


class _Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(3, 8, 1)
        self.same = Conv2dSame(8, 8, 3, stride=2, groups=8, bias=False)
        self.large = nn.Conv2d(8, 8, 5, padding=2, groups=8, bias=False)

    def forward(self, images):
        return self.large(self.same(self.wide(images))).float().mean((2, 3))


def _gradients(network, images, quick):
    """Output and gradients in the middle of a fit, without a step."""
    callback = QuickDepthwise()
    callback.learn = type("Learn", (), {"model": network})
    if quick:
        callback.before_fit()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=quick is not None):
        output = network(images)
    output.square().sum().backward()
    if quick:
        callback.after_fit()
    return output.detach(), [parameter.grad for parameter in network.parameters()]


def test_outputs_are_autocasts_own_and_gradients_nearer_to_float32():
    torch.manual_seed(0)
    network, images = _Small(), torch.rand(4, 3, 14, 17)
    exact = _gradients(copy.deepcopy(network), images, None)
    plain = _gradients(copy.deepcopy(network), images, False)
    quick = _gradients(network, images, True)
    assert torch.equal(quick[0], plain[0])
    for name, one, other, true in zip(dict(network.named_parameters()), quick[1], plain[1], exact[1], strict=True):
        error, before = (one - true).norm() / true.norm(), (other - true).norm() / true.norm()
        assert error < 0.02, name
        assert error <= 1.2 * before + 1e-4, name


def test_a_fit_leaves_the_network_as_it_was_and_validates_in_float32():
    network = _Small()
    batch = [(torch.rand(2, 3, 10, 10), torch.tensor([0, 1]))]
    seen = []
    network.large.register_forward_hook(lambda layer, inputs, output: seen.append((output.dtype, output.grad_fn)))
    callbacks = [Autocast("cpu", torch.bfloat16), QuickDepthwise()]
    learner = Learner(DataLoaders(batch, batch), network, nn.CrossEntropyLoss(), cbs=callbacks)
    with learner.no_bar(), learner.no_logging():
        learner.fit(1)
    assert [dtype for dtype, _ in seen] == [torch.bfloat16, torch.float32]
    assert "_Depthwise" in type(seen[0][1]).__name__ and seen[1][1] is None
    assert not any("forward" in vars(layer) for layer in network.modules())


def test_relu6_in_memory_of_its_own_gives_the_same_bits_and_stays_as_it_was_after_a_fit():
    torch.manual_seed(0)
    network, images = build_network("efficientnet_lite0", 7, "random"), torch.rand(4, 3, 32, 32)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.ReLU6)]
    assert len(layers) == 33 and all(layer.inplace for layer in layers)
    callback, found = QuickRelu6(), []
    callback.learn = type("Learn", (), {"model": network})
    for apart in (False, True):
        torch.manual_seed(1)  # dropout
        network.zero_grad()
        if apart:
            callback.before_fit()
            assert not any(layer.inplace for layer in layers)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = network(images)
        output.square().sum().backward()
        found.append([output.detach(), *(weight.grad for weight in network.parameters())])
    callback.after_fit()
    assert all(layer.inplace for layer in layers)
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def test_memory_is_kept_where_the_c_library_can():
    assert keep_freed_memory() is (platform.libc_ver()[0] == "glibc")
