"""Depthwise convolutions in bfloat16 on the processor, with their gradients computed in float32.

oneDNN (in torch 2.14.1) has no quick bfloat16 kernel for the input's gradient where the stride is 2, nor for the
weights' gradient of a 5×5 kernel: 20 and 3 times as slow as in float32, half the time of an EfficientNet-Lite0's step.
"""

from functools import partial

import torch
from fastai.callback.core import Callback
from timm.layers import Conv2dSame
from timm.layers.padding import pad_same
from torch import nn
from torch.nn import functional


class _Depthwise(torch.autograd.Function):
    """A depthwise `conv2d` in the precision of the images; its backward pass in float32."""

    @staticmethod
    def forward(ctx, images, weight, stride, padding):
        ctx.save_for_backward(images, weight)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(images, weight.to(images.dtype), None, stride, padding, groups=len(weight))

    @staticmethod
    def backward(ctx, gradient):
        images, weight = ctx.saved_tensors
        of_images, of_weight, _ = torch.ops.aten.convolution_backward(
            gradient.float(), images.float(), weight, None, ctx.stride, ctx.padding, (1, 1), False, (0, 0),
            len(weight), (True, True, False),
        )
        return of_images.to(images.dtype), of_weight, None, None


def is_slow(layer: nn.Module) -> bool:
    """Whether a layer's gradients are the slow ones: depthwise, with a stride or a kernel larger than 3."""
    return (
        isinstance(layer, nn.Conv2d) and layer.bias is None and max(layer.dilation) == 1
        and 1 < layer.groups == layer.in_channels == layer.out_channels
        and (max(layer.stride) > 1 or max(layer.kernel_size) > 3)
    )


def _forward(layer: nn.Conv2d, images: torch.Tensor) -> torch.Tensor:
    if not torch.is_autocast_enabled("cpu"):
        return type(layer).forward(layer, images)
    images = images.to(torch.get_autocast_dtype("cpu"))
    if isinstance(layer, Conv2dSame):
        images = pad_same(images, layer.kernel_size, layer.stride)
    return _Depthwise.apply(images, layer.weight, layer.stride, layer.padding)


class QuickDepthwise(Callback):
    """While a fit lasts the slow layers of the network compute their gradients in float32; only under autocast."""

    def before_fit(self):
        self._layers = [layer for layer in self.learn.model.modules() if is_slow(layer)]
        for layer in self._layers:
            layer.forward = partial(_forward, layer)

    def after_fit(self):
        for layer in self._layers:
            del layer.forward
