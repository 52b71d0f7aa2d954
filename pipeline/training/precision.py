"""Mixed precision and memory layout as the device has them, each choice said."""

from collections.abc import Callable
from functools import partial

import torch
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.core import Callback
from timm.layers import Conv2dSame
from timm.layers.padding import pad_same
from torch import nn
from torch.nn import functional

from pipeline.configuration.config import Precision
from pipeline.errors import TrainingError
from pipeline.networks.device import cpu_computes_bf16, cpu_computes_fp16
from pipeline.training.loss_scale import LossScale

_WORDS: dict[Precision, str] = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
_DTYPES: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


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


def _autocast_forward(network: nn.Module, device: str, dtype: torch.dtype, images: torch.Tensor) -> torch.Tensor:
    with torch.autocast(device, dtype, enabled=network.training):
        return type(network).forward(network, images).float()


class Autocast(Callback):
    """While a fit lasts the network computes training batches under autocast in 16 bits; its outputs are float32.

    Validation computes in float32, so that an epoch's metrics are those of the stored predictions. Unlike fastai's
    MixedPrecision, which knows CUDA only and enters autocast in one event to leave it in another, it leaves nothing
    behind when memory runs out or a stop is asked for in between: under a second autocast the weights would be those
    that the first had cast.

    Args:
        device: torch device name.
        dtype: torch.bfloat16 or torch.float16.
    """

    def __init__(self, device: str, dtype: torch.dtype):
        self.device_name, self.dtype = device, dtype

    def before_fit(self):
        self.learn.model.forward = partial(_autocast_forward, self.learn.model, self.device_name, self.dtype)

    def after_fit(self):
        del self.learn.model.forward


class ChannelsLastInput(Callback):
    """Keeps batches in channels_last order after transforms that return contiguous ones."""

    order = 11

    def before_batch(self):
        self.learn.xb = tuple(x.contiguous(memory_format=torch.channels_last) for x in self.xb)


def chosen_precision(asked: Precision, device: str) -> Precision:
    """What a training computes in on the torch device of that name: "fp32", "bf16" or "fp16".

    "auto" is bfloat16 where the hardware itself has it (torch counts its emulation too unless told not to), else
    float16 on a GPU, else float32. float32 is torch's: an NVIDIA GPU may convolve in TF32.

    Raises:
        TrainingError: the hardware does not have what is asked for; emulated it would be slower than float32.
    """
    if asked == "auto":
        half: list[Precision] = ["bf16", "fp16"] if device == "cuda" else ["bf16"]
        return next((precision for precision in half if _in_hardware(precision, device)), "fp32")
    if not _in_hardware(asked, device):
        reason = {
            "cpu": f"the processor does not multiply {_WORDS[asked]} in hardware",
            "cuda": f"the GPU does not multiply {_WORDS[asked]} in hardware",
            "mps": "trainings on Apple's GPU are in float32",
        }[device]
        raise TrainingError(
            f"precision={asked} cannot be had here: {reason}.", "Set precision=auto, which takes what the device has."
        )
    return asked


def _in_hardware(precision: Precision, device: str) -> bool:
    if precision == "fp32":
        return True
    if device == "cuda":
        return precision == "fp16" or torch.cuda.is_bf16_supported(including_emulation=False)
    return device == "cpu" and (cpu_computes_bf16() if precision == "bf16" else cpu_computes_fp16())


def precision_callbacks(asked: Precision, device: str, note: Callable[[str], None]) -> list[Callback]:
    """fastai callbacks for `chosen_precision`, which see; `note` is told the choice in one sentence.

    channels_last everywhere. Trained in float16 the loss is scaled.
    """
    precision = chosen_precision(asked, device)
    pinned = ", batches in pinned memory" if device == "cuda" else ""
    layout: list[Callback] = [ChannelsLast(), ChannelsLastInput()]
    if precision == "fp32":
        note(f"Precision: float32, channels_last{pinned}.")
        return layout
    where = " on the processor" if device == "cpu" else ""
    note(f"Mixed precision{where}: {_WORDS[precision]}, channels_last{pinned}.")
    quick: list[Callback] = [QuickDepthwise(), QuickRelu6()] if device == "cpu" else []
    scale = [LossScale(device)] if precision == "fp16" else []
    return [*layout, Autocast(device, _DTYPES[precision]), *quick, *scale]
