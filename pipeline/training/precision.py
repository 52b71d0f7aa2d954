"""Mixed precision and memory layout as the device has them, each choice said."""

from collections.abc import Callable

import torch
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.fp16 import AMPMode, MixedPrecision

from pipeline.training.callbacks import ChannelsLastInput, CpuAutocast
from pipeline.training.device import cpu_computes_bf16


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
        return [*layout, CpuAutocast()]
    note("Precision: float32, channels_last.")
    return layout
