"""Mirror images at random, a whole batch at once, while its pixels are still bytes: a copy, not a resampling.

fastai's own Flip resamples each image through a grid of places, which takes longer than all else that a batch needs.
"""

import torch
from fastai.vision.core import TensorImage
from fasttransform import Transform


def flip_at_random(images: torch.Tensor) -> torch.Tensor:
    """Each image as it is, mirrored across, mirrored down, or both, alike often; drawn from torch's generator.

    Args:
        images: (N, 3, H, W), any type.

    Returns:
        (N, 3, H, W) of the same type and order in memory.
    """
    flipped = images.clone()
    for axis in (-1, -2):
        chosen = (torch.rand(len(images)) < 0.5).to(images.device)
        flipped[chosen] = flipped[chosen].flip(axis)
    return flipped


class Flips(Transform):
    """`flip_at_random` for training batches in fastai's Pipeline, before IntToFloatTensor (order 10)."""

    order, split_idx = 5, 0

    def encodes(self, images: TensorImage):
        return TensorImage(flip_at_random(images.as_subclass(torch.Tensor)))
