"""The last step of a batch: from bytes to what the network gets, in one piece of memory."""

import torch
from fastai.vision.core import TensorImage
from fasttransform import Transform

from pipeline.network_registry import UNCHANGED, Normalisation


class ToNetworkInput(Transform):
    """uint8 (N, 3, H, W) in channels_last order to float32: 0..1, then normalised.

    What IntToFloatTensor and Normalize give, to the last digits; they write three more batches of floats on the way.
    """

    order = 10

    def __init__(self, normalisation: Normalisation):
        super().__init__()
        mean, std = torch.tensor(normalisation.mean), torch.tensor(normalisation.std)
        self.scale, self.shift = 1 / (255 * std), None if normalisation == UNCHANGED else -mean / std

    def encodes(self, images: TensorImage):
        n, channels, height, width = images.shape
        # a line of pixels at a time: a vector as long as a line is multiplied several times faster than one of three
        lines = images.as_subclass(torch.Tensor).permute(0, 2, 3, 1).reshape(n * height, width * channels).float()
        lines.mul_(self.scale.to(lines.device).repeat(width))
        if self.shift is not None:
            lines.add_(self.shift.to(lines.device).repeat(width))
        return TensorImage(lines.view(n, height, width, channels).permute(0, 3, 1, 2))
