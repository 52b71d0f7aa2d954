"""From bytes to the network's input in one piece of memory."""

import torch
from fastai.data.transforms import IntToFloatTensor, Normalize
from fastai.vision.core import TensorImage

from pipeline.configuration.network_registry import HALF, IMAGENET, UNCHANGED
from pipeline.training.batches import ToNetworkInput


def test_bytes_become_what_fastais_own_transforms_give():
    images = TensorImage(torch.randint(0, 256, (3, 7, 5, 3), dtype=torch.uint8).permute(0, 3, 1, 2))
    floats = IntToFloatTensor()(images)
    for asked in (UNCHANGED, IMAGENET, HALF):
        expected = floats if asked == UNCHANGED else Normalize.from_stats(*asked, cuda=False)(floats)
        made = ToNetworkInput(asked)(images)
        torch.testing.assert_close(made, expected, rtol=1e-6, atol=1e-6)
        assert made.is_contiguous(memory_format=torch.channels_last) and made.dtype == torch.float32
