"""Mixed precision and memory layout as the device has them, each choice said."""

from collections.abc import Callable

import torch
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.core import Callback
from fastai.callback.fp16 import AMPMode, MixedPrecision

from pipeline.networks.device import cpu_computes_bf16
from pipeline.training.depthwise import QuickDepthwise


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
        return [*layout, CpuAutocast(), QuickDepthwise()]
    note("Precision: float32, channels_last.")
    return layout
