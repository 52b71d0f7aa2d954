"""Mixed precision and memory layout as the device has them, each choice said."""

from collections.abc import Callable
from functools import partial

import torch
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.core import Callback
from fastai.callback.fp16 import AMPMode, MixedPrecision
from timm.layers import Conv2dSame
from timm.layers.padding import pad_same
from torch import nn
from torch.nn import functional

from pipeline.networks.device import cpu_computes_bf16


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
    """While a fit lasts the slow layers of the network compute their gradients in float32; only under autocast.

    oneDNN (in torch 2.14.1) has no quick bfloat16 kernel for the input's gradient of a depthwise convolution where the
    stride is 2, nor for the weights' gradient of a 5×5 kernel: 20 and 3 times as slow as in float32, half the time of
    an EfficientNet-Lite0's step.
    """

    def before_fit(self):
        self._layers = [layer for layer in self.learn.model.modules() if is_slow(layer)]
        for layer in self._layers:
            layer.forward = partial(_forward, layer)

    def after_fit(self):
        for layer in self._layers:
            del layer.forward


class QuickRelu6(Callback):
    """While a fit lasts ReLU6 layers write into memory of their own instead of over their input; outputs are the same.

    In place, torch (2.14.1) clamps bfloat16 one number at a time on the processor: three times as slow, a seventh of an
    EfficientNet-Lite0's step.
    """

    def before_fit(self):
        self._layers = [layer for layer in self.learn.model.modules() if isinstance(layer, nn.ReLU6) and layer.inplace]
        for layer in self._layers:
            layer.inplace = False

    def after_fit(self):
        for layer in self._layers:
            layer.inplace = True


class CpuAutocast(Callback):
    """bfloat16 autocast for training on the processor; fastai's MixedPrecision knows CUDA only.

    Validation computes in float32, so that an epoch's metrics are those of the stored predictions.
    """

    order = 10
    autocast = None

    def before_batch(self):
        self.autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.training)
        self.autocast.__enter__()

    def after_pred(self):
        self.learn.pred = self.pred.float()

    def after_loss(self):
        self._leave()

    def after_cancel_batch(self):
        self._leave()

    def after_cancel_fit(self):  # a stop is asked for before a batch, once autocast has begun
        self._leave()

    def _leave(self):
        if self.autocast is not None:
            self.autocast.__exit__(None, None, None)
            self.autocast = None


class ChannelsLastInput(Callback):
    """Keeps batches in channels_last order after transforms that return contiguous ones."""

    order = 11

    def before_batch(self):
        self.learn.xb = tuple(x.contiguous(memory_format=torch.channels_last) for x in self.xb)


def precision_callbacks(device: str, note: Callable[[str], None]) -> list:
    """fastai callbacks for the torch device of that name; `note` is told the choice in one sentence.

    bfloat16 where the hardware itself has it (torch counts its emulation too unless told not to), else float16 on a
    GPU; channels_last everywhere. A processor without bfloat16, and Apple's GPU, compute in float32.
    """
    layout = [ChannelsLast(), ChannelsLastInput()]
    if device == "cuda":
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        note(f"Mixed precision: {'bfloat16' if bf16 else 'float16'}, channels_last, batches in pinned memory.")
        return [*layout, MixedPrecision(AMPMode.BF16 if bf16 else AMPMode.FP16)]
    if device == "cpu" and cpu_computes_bf16():
        note("Mixed precision on the processor: bfloat16, channels_last.")
        return [*layout, CpuAutocast(), QuickDepthwise(), QuickRelu6()]
    note("Precision: float32, channels_last.")
    return layout
