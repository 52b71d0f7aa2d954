"""The last step of a batch: from bytes to what the network gets, in one piece of memory."""

import torch
from fastai.vision.core import TensorImage
from fasttransform import Transform

from pipeline.data.prepare import IMAGENET_MEAN, IMAGENET_STD


class ToNetworkInput(Transform):
    """uint8 (N, 3, H, W) in channels_last order to float32: 0..1, less ImageNet's mean and over its deviation if asked.

    What IntToFloatTensor and Normalize give, to the last digits; they write three more batches of floats on the way.
    """

    order = 10

    def __init__(self, normalize: bool):
        super().__init__()
        mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
        self.scale, self.shift = (1 / (255 * std), -mean / std) if normalize else (torch.full((3,), 1 / 255), None)

    def encodes(self, images: TensorImage):
        n, channels, height, width = images.shape
        # a line of pixels at a time: a vector as long as a line is multiplied several times faster than one of three
        lines = images.as_subclass(torch.Tensor).permute(0, 2, 3, 1).reshape(n * height, width * channels).float()
        lines.mul_(self.scale.to(lines.device).repeat(width))
        if self.shift is not None:
            lines.add_(self.shift.to(lines.device).repeat(width))
        return TensorImage(lines.view(n, height, width, channels).permute(0, 3, 1, 2))
