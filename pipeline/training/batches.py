"""Batches for fastai straight from decoded pixels, and their way to what the network gets."""

import random

import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.data.transforms import IntToFloatTensor, Normalize
from fastai.vision.core import TensorImage
from fasttransform import Pipeline, Transform

from pipeline.configuration.config import RunConfig
from pipeline.configuration.network_registry import UNCHANGED, Normalisation
from pipeline.data.prepare import window
from pipeline.training.augmentation import AUGMENTATIONS
from pipeline.training.training import Parts, Pixels


class PixelLoader(DataLoader):
    """A fastai DataLoader whose batches are gathered from `pixels`: images (N, 3, H, W) uint8, targets (N,) int64.

    Args:
        pixels: what `cache.open_pixels` gave.
        rows: the pixel row of each image of this part.
        targets: class index of each image of this part.
        height, width: the network's input; larger stored images are cropped to it.
        random_crop: crop at random (training) instead of centrally.
    """

    def __init__(self, pixels: Pixels, rows, targets, height, width, random_crop, **kwargs):
        self.pixels, self.rows, self.targets = pixels, np.asarray(rows), np.asarray(targets)
        self.height, self.width, self.random_crop, self.squish = height, width, random_crop, kwargs.pop("squish")
        super().__init__(dataset=range(len(self.rows)), num_workers=0, **kwargs)

    def create_batches(self, samples):
        chunk = []
        for sample in samples:
            chunk.append(sample)
            if len(chunk) == self.bs:
                yield self._batch(chunk)
                chunk = []
        if chunk and not self.drop_last:
            yield self._batch(chunk)

    def _batch(self, chosen: list[int]):
        rows = self.rows[chosen]
        if self.squish:
            images = self.pixels.gather(rows)
        else:
            places = [(random.random(), random.random()) if self.random_crop else (0.5, 0.5) for _ in rows]
            images = np.stack(
                [
                    window(self.pixels.pixels(int(row)), self.height, self.width, place)
                    for row, place in zip(rows, places, strict=True)
                ]
            )
        # the permuted view is already in channels_last order: no copy
        batch = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
        return TensorImage(batch), torch.from_numpy(self.targets[chosen])


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


def batch_transforms(augment: str, normalisation: Normalisation, device: str) -> Pipeline:
    """What a training batch goes through from bytes to the network's input, in fastai's order."""
    transforms, on_floats = AUGMENTATIONS[augment].make(), AUGMENTATIONS[augment].on_floats
    if not on_floats:
        return Pipeline([*transforms, ToNetworkInput(normalisation)], split_idx=0)
    last = [] if normalisation == UNCHANGED else [Normalize.from_stats(*normalisation, cuda=device == "cuda")]
    return Pipeline([IntToFloatTensor(), *transforms, *last], split_idx=0)


def make_loaders(pixels: Pixels, parts: Parts, config: RunConfig, device: str) -> DataLoaders:
    """Training and validation loaders.

    Args:
        parts: "train" and "validation", each (rows, targets).
        config: the run's config (size, resize, augment, normalisation, batch_size, seed).
        device: torch device name.
    """
    common = {
        "height": config.height, "width": config.width, "squish": config.resize == "squish",
        "device": torch.device(device), "pin_memory": device == "cuda",
    }
    rows, targets = parts["train"]
    batch_size = min(config.batch_size, len(rows))
    train = PixelLoader(
        pixels, rows, targets, random_crop=True, bs=batch_size, shuffle=True, drop_last=True, **common,
        after_batch=batch_transforms(config.augment, config.normalisation, device),
    )
    rows, targets = parts["validation"]
    validation = PixelLoader(
        pixels, rows, targets, random_crop=False, bs=2 * batch_size, shuffle=False, drop_last=False, **common,
        after_batch=Pipeline([ToNetworkInput(config.normalisation)], split_idx=1),
    )
    return DataLoaders(train, validation, device=torch.device(device))
