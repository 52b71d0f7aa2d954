"""A trained network rebuilt from classes of torch and fastai alone, with the same weights and the same outputs.

timm's EfficientNet pads as TensorFlow does, by the size of the input; for the one size of a model's input that is a
fixed ZeroPad2d before an ordinary convolution.
"""

import math
from collections.abc import Iterator

from fastai.layers import MergeLayer, SequentialEx
from timm.layers import BatchNormAct2d, Conv2dSame
from timm.models import EfficientNet
from torch import nn

from pipeline.errors import ModelError

_BLOCK_LAYERS = {  # in the order of timm's forward
    "DepthwiseSeparableConv": ("conv_dw", "bn1", "aa", "se", "conv_pw", "bn2"),
    "InvertedResidual": ("conv_pw", "bn1", "conv_dw", "bn2", "aa", "se", "conv_pwl", "bn3"),
}


def stock_network(network: nn.Sequential, height: int, width: int) -> nn.Sequential:
    """`Sequential(body, head)` in eval mode, float32, on the processor, from stock classes for a height × width input.

    The weights are shared with `network`.

    Raises:
        ModelError: the body has a layer that this cannot rebuild.
    """
    network = network.cpu().float().eval()
    timm_body = next((module for module in network[0].modules() if isinstance(module, EfficientNet)), None)
    if timm_body is not None:
        network = nn.Sequential(_Rebuilt(height, width).body(timm_body), network[1])
    foreign = {type(m).__module__ for m in network.modules()} - _stock_modules(network)
    if foreign:
        raise ModelError(f"The network has layers of {', '.join(sorted(foreign))}, which plain fastai does not have.")
    return network.eval()


def _stock_modules(network: nn.Module) -> set[str]:
    names = {type(module).__module__ for module in network.modules()}
    return {name for name in names if name.partition(".")[0] in ("torch", "torchvision", "fastai")}


class _Rebuilt:
    """Goes through timm's layers in the order of its forward, keeping the size of the feature map."""

    def __init__(self, height: int, width: int):
        self._size = (height, width)

    def body(self, model: EfficientNet) -> nn.Sequential:
        blocks = [block for stage in model.blocks for block in stage]
        return nn.Sequential(
            *self._layer(model.conv_stem), *self._layer(model.bn1), *(self._block(block) for block in blocks),
            *self._layer(model.conv_head), *self._layer(model.bn2),
        )

    def _block(self, block: nn.Module) -> nn.Module:
        names = _BLOCK_LAYERS.get(type(block).__name__)
        if names is None or block.conv_s2d is not None:
            raise ModelError(f"A block {type(block).__name__} cannot be rebuilt for plain fastai.")
        layers = [layer for name in names for layer in self._layer(getattr(block, name))]
        # drop_path does nothing outside of training
        return SequentialEx(*layers, MergeLayer()) if block.has_skip else nn.Sequential(*layers)

    def _layer(self, layer: nn.Module) -> Iterator[nn.Module]:
        if isinstance(layer, nn.Identity):
            return
        if isinstance(layer, BatchNormAct2d):
            yield _batch_norm(layer)
            yield from _activation(layer.act)
        elif isinstance(layer, nn.Conv2d):
            if isinstance(layer, Conv2dSame) and any(edges := self._same_padding(layer)):
                yield nn.ZeroPad2d(edges)
            yield _convolution(layer)
            self._size = tuple(math.ceil(n / step) for n, step in zip(self._size, layer.stride, strict=True))
        else:
            raise ModelError(f"A layer {type(layer).__name__} cannot be rebuilt for plain fastai.")

    def _same_padding(self, conv: Conv2dSame) -> tuple[int, int, int, int]:
        """Left, right, top, bottom, as TensorFlow's "SAME" has it: the odd pixel goes right and below."""
        edges = []
        for n, kernel, step, spread in zip(self._size, conv.kernel_size, conv.stride, conv.dilation, strict=True):
            total = max((math.ceil(n / step) - 1) * step + (kernel - 1) * spread + 1 - n, 0)
            edges.append((total // 2, total - total // 2))
        return *edges[1], *edges[0]


def _convolution(layer: nn.Conv2d) -> nn.Conv2d:
    stock = nn.Conv2d(
        layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, layer.dilation,
        layer.groups, layer.bias is not None,
    )
    stock.load_state_dict(layer.state_dict())
    return stock


def _batch_norm(layer: BatchNormAct2d) -> nn.BatchNorm2d:
    stock = nn.BatchNorm2d(layer.num_features, layer.eps, layer.momentum)
    stock.load_state_dict(layer.state_dict())
    return stock


def _activation(act: nn.Module) -> Iterator[nn.Module]:
    if isinstance(act, nn.ReLU6):
        yield nn.ReLU6(inplace=True)
    elif not isinstance(act, nn.Identity):
        raise ModelError(f"An activation {type(act).__name__} cannot be rebuilt for plain fastai.")
