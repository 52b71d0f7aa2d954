"""The strong augmentation: same seed same images, shapes kept in pixels, neutral ranges change nothing."""

import io

import numpy as np
import pytest
import torch
from fastai.data.transforms import IntToFloatTensor, Normalize
from fastai.vision.core import TensorImage
from fasttransform import Pipeline
from PIL import Image, JpegImagePlugin

from pipeline.configuration.config import AUGMENTS
from pipeline.configuration.network_registry import IMAGENET
from pipeline.training import augmentation
from pipeline.training.augmentation import (
    AUGMENTATIONS,
    augment_strongly,
    compressed,
    degrade,
    draw_kernels,
    draw_maps,
    jitter,
    resampled,
    warp,
)

HEIGHT, WIDTH = 60, 80


@pytest.fixture
def batch():
    """24 smooth uint8 images (24, 3, 60, 80), as a view of (N, H, W, 3) like PixelLoader's."""
    rng = np.random.default_rng(0)
    images = [
        Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((WIDTH, HEIGHT)) for _ in range(24)
    ]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)


@pytest.fixture
def plain_geometry(monkeypatch):
    """Rotation and flip only."""
    for name, value in {"ZOOM": (1.0, 1.0), "ASPECT": (1.0, 1.0), "SHIFT": 0.0, "UPRIGHT": 0.0}.items():
        monkeypatch.setattr(augmentation, name, value)


def _strong(batch, seed):
    np.random.seed(seed)
    return augment_strongly(batch)


def _disk(radius, down=0.0, across=0.0):
    """(1, 3, 60, 80): a white disk of that radius with a soft edge, off the middle by so many pixels, on black."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(y - (HEIGHT - 1) / 2 - down, x - (WIDTH - 1) / 2 - across)
    disk = np.clip((radius + 2 - distance) / 4, 0, 1)
    return torch.from_numpy(np.repeat(disk[None, None].astype(np.float32), 3, axis=1))


def _warp_all(image, n, seed=0, kernel="bilinear"):
    np.random.seed(seed)
    return warp(image.repeat(n, 1, 1, 1), draw_maps(n, HEIGHT, WIDTH), np.full(n, kernel))


def test_a_seed_repeats_the_images_and_another_changes_them(batch):
    first, second, other = _strong(batch, 1), _strong(batch, 1), _strong(batch, 2)
    assert torch.equal(first, second)
    assert (first.float() - other.float()).abs().mean() > 5
    assert first.dtype == torch.uint8 and first.shape == batch.shape
    assert first.is_contiguous(memory_format=torch.channels_last)


def test_the_batch_itself_stays_as_it_is(batch):
    before = batch.clone()
    _strong(batch, 1)
    assert torch.equal(batch, before)


def test_in_fastais_pipeline_it_runs_before_the_normalisation_and_in_training_only(batch):
    normalize = Normalize.from_stats(*IMAGENET, cuda=False)
    steps, targets = [IntToFloatTensor(), *AUGMENTATIONS["strong"].make(), normalize], torch.arange(24)
    np.random.seed(1)
    training, same_targets = Pipeline(steps, split_idx=0)((TensorImage(batch), targets))
    validation, _ = Pipeline(steps, split_idx=1)((TensorImage(batch), targets))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in IMAGENET)
    assert isinstance(training, TensorImage) and training.dtype == torch.float32
    assert torch.equal(same_targets, targets)
    assert torch.allclose(torch.Tensor(training), (_strong(batch, 1).float() / 255 - mean) / std, atol=1e-5)
    assert torch.allclose(torch.Tensor(validation), (batch.float() / 255 - mean) / std, atol=1e-5)


@pytest.mark.parametrize("kernel", list(augmentation.KERNELS))
def test_upright_images_are_turned_half_around_or_mirrored_to_the_last_pixel(monkeypatch, batch, kernel):
    monkeypatch.setattr(augmentation, "UPRIGHT", 1.0)
    image = batch[:1].float() / 255
    ways = [image.flip(dims) for dims in ([], [3], [2], [2, 3])]
    seen = set()
    for warped in _warp_all(image, 40, kernel=kernel):
        fits = [torch.allclose(warped[None], way, atol=1e-4) for way in ways]
        assert sum(fits) == 1
        seen.add(fits.index(True))
    assert seen == {0, 1, 2, 3}


def test_a_disk_stays_a_disk_at_any_angle(plain_geometry):
    disk, near = _disk(16), _disk(22)  # farther out the disk's mirrored copies show
    assert ((_warp_all(disk, 40) - disk) * near).abs().max() < 0.15


def test_every_angle_occurs_and_what_is_off_the_middle_keeps_its_distance(plain_geometry):
    warped = _warp_all(_disk(4, across=22), 200)[:, 0]
    weights = warped / warped.sum((1, 2), keepdim=True)
    y = (weights.sum(2) * (torch.arange(HEIGHT) - (HEIGHT - 1) / 2)).sum(1)
    x = (weights.sum(1) * (torch.arange(WIDTH) - (WIDTH - 1) / 2)).sum(1)
    assert torch.allclose((x**2 + y**2).sqrt(), torch.tensor(22.0), atol=0.5)
    sectors = np.histogram(np.arctan2(y.numpy(), x.numpy()), bins=8, range=(-np.pi, np.pi))[0]
    assert sectors.min() >= 10


def test_zoom_is_one_of_area(monkeypatch, plain_geometry):
    monkeypatch.setattr(augmentation, "ZOOM", (0.5, 2.0))
    areas = _warp_all(_disk(15), 200)[:, 0].sum((1, 2)) / _disk(15)[0, 0].sum()
    assert areas.min() == pytest.approx(0.5, abs=0.05) and areas.max() == pytest.approx(2.0, abs=0.1)


def test_aspect_keeps_the_area(monkeypatch, plain_geometry):
    monkeypatch.setattr(augmentation, "ASPECT", (0.8, 1.25))
    warped = _warp_all(_disk(10), 100)[:, 0]
    areas = warped.sum((1, 2)) / _disk(10)[0, 0].sum()
    lengths = (warped > 0.5).any(1).sum(1) / (warped > 0.5).any(2).sum(1)
    assert torch.allclose(areas, torch.tensor(1.0), atol=0.05)
    assert lengths.min() == pytest.approx(0.8, abs=0.06) and lengths.max() == pytest.approx(1.25, abs=0.1)


def test_beyond_the_edge_the_image_is_mirrored():
    assert _warp_all(torch.ones(1, 3, HEIGHT, WIDTH), 40).min() > 0.999


def test_kernels_come_in_their_shares():
    np.random.seed(0)
    drawn = draw_kernels(4000)
    for kernel, share in augmentation.KERNELS.items():
        assert (drawn == kernel).mean() == pytest.approx(share, abs=0.03)


def test_neutral_ranges_leave_the_colours(monkeypatch, batch):
    neutral = {
        "BRIGHTNESS": 0.0, "CONTRAST": (1.0, 1.0), "SATURATION": (1.0, 1.0), "HUE": 0.0, "GAIN": 0.0,
        "GAMMA": (1.0, 1.0),
    }
    for name, value in neutral.items():
        monkeypatch.setattr(augmentation, name, value)
    images = batch.contiguous().float() / 255
    assert torch.allclose(jitter(images), images, atol=1e-5)


def test_colours_stay_in_range_and_grey_stays_grey_under_an_even_lamp(monkeypatch, batch):
    images = batch.contiguous().float() / 255
    changed = jitter(images)
    assert changed.min() >= 0 and changed.max() <= 1 and (changed - images).abs().mean() > 0.02
    monkeypatch.setattr(augmentation, "GAIN", 0.0)
    grey = jitter(images.mean(1, keepdim=True).repeat(1, 3, 1, 1))
    assert (grey - grey.mean(1, keepdim=True)).abs().max() < 1e-5


@pytest.mark.parametrize(("subsampling", "code"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)])
def test_the_codec_is_jpeg_with_the_subsampling_asked_for(batch, subsampling, code):
    image = Image.fromarray(batch[0].permute(1, 2, 0).numpy())
    result = compressed(image, 75, subsampling)
    assert result.format == "JPEG" and JpegImagePlugin.get_sampling(result) == code
    content = io.BytesIO()
    image.save(content, "JPEG", quality=75, subsampling=subsampling)
    assert np.array_equal(np.asarray(result), np.asarray(Image.open(content)))


def test_resampling_blurs_and_keeps_the_size():
    board = Image.fromarray((np.indices((HEIGHT, WIDTH)).sum(0) % 2 * 255).astype(np.uint8)).convert("RGB")
    half = resampled(board, 0.5, Image.Resampling.BOX, Image.Resampling.BILINEAR)
    assert half.size == board.size and np.asarray(half).std() < 2 < np.asarray(board).std()


@pytest.mark.parametrize(("resampling", "compression"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
def test_shares_decide_which_images_are_degraded(monkeypatch, batch, resampling, compression):
    monkeypatch.setattr(augmentation, "RESAMPLED", resampling)
    monkeypatch.setattr(augmentation, "COMPRESSED", compression)
    before = batch.permute(0, 2, 3, 1).numpy().copy()
    after = before.copy()
    np.random.seed(0)
    degrade(after)
    moved = np.abs(after.astype(int) - before).mean((1, 2, 3))
    assert (moved > 0).all() if resampling or compression else (moved == 0).all()
    assert moved.max() < 12


def test_every_augmentation_that_can_be_chosen_is_made_and_told():
    assert list(AUGMENTATIONS) == list(AUGMENTS)
    assert all(entry.words and isinstance(entry.make(), list) for entry in AUGMENTATIONS.values())
