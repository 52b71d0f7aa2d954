"""Mirroring a batch: every image is one of its four mirror images, all four occur, and validation is left alone."""

import pytest
import torch
from fastai.vision.core import TensorImage
from fasttransform import Pipeline

from pipeline.training.augmentation import Flips, flip_at_random

WAYS = [(), (-1,), (-2,), (-1, -2)]


@pytest.fixture
def images():
    torch.manual_seed(0)
    stored = torch.randint(0, 256, (64, 5, 7, 3), dtype=torch.uint8)  # as the cache keeps them
    return stored.permute(0, 3, 1, 2)


def ways_of(images, flipped) -> list[int]:
    return [
        next(way for way, axes in enumerate(WAYS) if torch.equal(after, before.flip(axes)))
        for before, after in zip(images, flipped, strict=True)
    ]


def test_each_image_is_mirrored_in_one_of_four_ways_and_all_occur(images):
    before = images.clone()
    flipped = flip_at_random(images)
    counts = torch.bincount(torch.tensor(ways_of(images, flipped)), minlength=4)
    assert counts.min() >= 8
    assert flipped.dtype == torch.uint8 and flipped.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(images, before)


def test_a_seed_gives_the_same_again(images):
    torch.manual_seed(3)
    first = flip_at_random(images)
    torch.manual_seed(3)
    assert torch.equal(flip_at_random(images), first)


@pytest.mark.parametrize("part, alike", [(0, False), (1, True)])
def test_only_training_batches_are_mirrored(images, part, alike):
    batch = Pipeline([Flips()], split_idx=part)(TensorImage(images))
    assert isinstance(batch, TensorImage)
    assert torch.equal(torch.Tensor(batch.float()), images.float()) is alike
