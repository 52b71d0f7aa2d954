"""Strong augmentation of a batch: place, colour, sharpness and compression, so that none of them matters."""

import numpy as np
import torch
from fastai.vision.core import TensorImage
from fasttransform import Transform

from pipeline.training.augment_codec import degrade
from pipeline.training.augment_colour import jitter
from pipeline.training.augment_geometry import draw_kernels, draw_maps, warp


def augment_strongly(images: torch.Tensor) -> torch.Tensor:
    """A random variant of each image, all drawn from numpy's global generator.

    Args:
        images: (N, 3, H, W) uint8.

    Returns:
        (N, 3, H, W) uint8 on the same device, in channels_last order.
    """
    n, _, height, width = images.shape
    maps, kernels = draw_maps(n, height, width).to(images.device), draw_kernels(n)
    varied = jitter(warp(images.contiguous().float().div_(255), maps, kernels))
    pixels = varied.mul_(255).round_().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    degrade(pixels)
    return torch.from_numpy(np.ascontiguousarray(pixels)).to(images.device).permute(0, 3, 1, 2)


class StrongAugment(Transform):
    """`augment_strongly` for training batches in fastai's Pipeline, before IntToFloatTensor (order 10)."""

    order, split_idx = 5, 0

    def encodes(self, images: TensorImage):
        return TensorImage(augment_strongly(images.as_subclass(torch.Tensor)))
