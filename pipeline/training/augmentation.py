"""What random changes a training batch goes through, each by its name in `config.AUGMENTS`, and in words.

Those of "strong" make place, colour, sharpness and compression vary, so that none of them matters.
"""

import io
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from fastai.vision.augment import Dihedral, aug_transforms
from fastai.vision.core import TensorImage
from fasttransform import Transform
from PIL import Image
from torch.nn import functional

from pipeline.configuration.config import Augment

ZOOM = (0.75, 1.33)  # of the area
ASPECT = (0.8, 1.25)
SHIFT = 0.08  # of the width or height, either way
UPRIGHT = 0.15  # share that is only mirrored or turned half around: as sharp as the images that are predicted
KERNELS = {"bilinear": 0.6, "bicubic": 0.3, "nearest": 0.1}
BRIGHTNESS = 0.1  # of the full range, either way
CONTRAST = (0.8, 1.25)
SATURATION = (0.8, 1.2)
HUE = 0.02  # of a turn, either way
GAIN = 0.06  # of each channel, either way: the lamp's colour
GAMMA = (0.8, 1.25)
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
RESAMPLED = 0.3  # share of the images
SMALLEST = 0.5  # of the width and height
DOWN = (Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
UP = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
COMPRESSED = 0.5  # share of the images
QUALITY = (40, 95)
SUBSAMPLING = {"4:2:0": 0.6, "4:2:2": 0.2, "4:4:4": 0.2}
_THREADS = 4  # Pillow resizes, encodes and decodes without Python's lock


def flip_at_random(images: torch.Tensor) -> torch.Tensor:
    """Each image as it is, mirrored across, mirrored down, or both, alike often; drawn from torch's generator.

    A copy, not a resampling: fastai's own Flip takes longer than all else that a batch needs.

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


def _log_uniform(low: float, high: float, n: int) -> np.ndarray:
    return np.exp(np.random.uniform(math.log(low), math.log(high), n))


def draw_maps(n: int, height: int, width: int) -> torch.Tensor:
    """n random maps from a place in the output to its source, (n, 2, 3), in `affine_grid`'s coordinates (-1..1).

    Rotation keeps the shape in stored pixels: a square stays a square. Draws from numpy's global generator.
    """
    angle, zoom = np.random.uniform(0, 2 * math.pi, n), np.sqrt(_log_uniform(*ZOOM, n))
    aspect, flip = np.sqrt(_log_uniform(*ASPECT, n)), np.random.choice([-1.0, 1.0], n)
    shift = np.random.uniform(-2 * SHIFT, 2 * SHIFT, (n, 2))
    upright = np.random.random(n) < UPRIGHT
    angle[upright] = np.where(angle[upright] < math.pi, 0.0, math.pi)
    zoom[upright], aspect[upright], shift[upright] = 1.0, 1.0, 0.0
    across, down = flip / (zoom * aspect), aspect / zoom
    cos, sin = np.cos(angle), np.sin(angle)
    maps = np.stack(
        [
            np.stack([across * cos, -down * sin * height / width, shift[:, 0]], axis=1),
            np.stack([across * sin * width / height, down * cos, shift[:, 1]], axis=1),
        ],
        axis=1,
    )
    return torch.from_numpy(maps.astype(np.float32))


def draw_kernels(n: int) -> np.ndarray:
    """A key of KERNELS for each of n images, from numpy's global generator."""
    return np.random.choice(list(KERNELS), n, p=list(KERNELS.values()))


def warp(images: torch.Tensor, maps: torch.Tensor, kernels: np.ndarray) -> torch.Tensor:
    """The images resampled by their maps; beyond the edge the image is mirrored.

    Args:
        images: (N, 3, H, W) float.
        maps: (N, 2, 3), as `draw_maps` gives.
        kernels: (N,) of "bilinear", "bicubic" or "nearest".

    Returns:
        (N, 3, H, W); bicubic may exceed the input's range.
    """
    warped = torch.empty_like(images, memory_format=torch.contiguous_format)
    for kernel in KERNELS:
        chosen = torch.from_numpy(np.flatnonzero(kernels == kernel)).to(images.device)
        if len(chosen):
            grid = functional.affine_grid(maps[chosen], (len(chosen), *images.shape[1:]), align_corners=False)
            warped[chosen] = functional.grid_sample(
                images[chosen], grid, mode=kernel, padding_mode="reflection", align_corners=False
            )
    return warped


def _matrices(saturation: np.ndarray, hue: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """(N, 3, 3): gain, then hue turned about the grey axis, then saturation (Haeberli 1993)."""
    cos, sin = np.cos(hue)[:, None, None], np.sin(hue)[:, None, None]
    cross = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3)
    turned = cos * np.eye(3) + (1 - cos) / 3 + sin * cross
    share = saturation[:, None, None]
    return (share * np.eye(3) + (1 - share) * _LUMA) @ (turned * gain[:, None, :])


def jitter(images: torch.Tensor) -> torch.Tensor:
    """Brightness, contrast, saturation, hue, channel gain and gamma, drawn from numpy's global generator.

    Args:
        images: (N, 3, H, W) float on 0..1.

    Returns:
        (N, 3, H, W) float on 0..1.
    """
    n, device = len(images), images.device
    contrast = np.exp(np.random.uniform(*np.log(CONTRAST), n))
    matrices = _matrices(
        np.random.uniform(*SATURATION, n), 2 * math.pi * np.random.uniform(-HUE, HUE, n),
        np.random.uniform(1 - GAIN, 1 + GAIN, (n, 3)),
    )
    brightness, gamma = np.random.uniform(-BRIGHTNESS, BRIGHTNESS, n), np.exp(np.random.uniform(*np.log(GAMMA), n))
    matrices = torch.from_numpy(matrices).float().to(device)
    contrast, brightness, gamma = (
        torch.from_numpy(values).float().view(n, 1, 1).to(device) for values in (contrast, brightness, gamma)
    )
    flat = images.flatten(2)
    offset = (1 - contrast) * (matrices @ flat.mean(2, keepdim=True)) + brightness
    changed = torch.baddbmm(offset, contrast * matrices, flat).clamp_(0, 1).pow_(gamma)
    return changed.view_as(images)


def resampled(image: Image.Image, share: float, down: Image.Resampling, up: Image.Resampling) -> Image.Image:
    """The image at `share` of its width and height, enlarged again."""
    small = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(small, down).resize(image.size, up)


def compressed(image: Image.Image, quality: int, subsampling: str) -> Image.Image:
    """The image after JPEG at `quality` (1..95) with `subsampling` of the colours ("4:2:0", "4:2:2" or "4:4:4")."""
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality, subsampling=subsampling)
    return Image.open(content, formats=["JPEG"])


def degrade(images: np.ndarray) -> None:
    """Resamples some of the images, compresses some, in place: uint8 (N, H, W, 3).

    All is drawn from numpy's global generator before the threads start, so that a seed repeats it.
    """
    n = len(images)
    shares = np.where(np.random.random(n) < RESAMPLED, np.random.uniform(SMALLEST, 1, n), 1.0)
    downs, ups = np.random.randint(len(DOWN), size=n), np.random.randint(len(UP), size=n)
    qualities = np.where(np.random.random(n) < COMPRESSED, np.random.randint(QUALITY[0], QUALITY[1] + 1, n), 0)
    subsamplings = np.random.choice(list(SUBSAMPLING), n, p=list(SUBSAMPLING.values()))

    def change(i: int) -> None:
        image = Image.fromarray(images[i])
        if shares[i] < 1:
            image = resampled(image, shares[i], DOWN[downs[i]], UP[ups[i]])
        if qualities[i]:
            image = compressed(image, int(qualities[i]), str(subsamplings[i]))
        images[i] = np.asarray(image)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(change, np.flatnonzero((shares < 1) | (qualities > 0))))


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


class Augmentation(NamedTuple):
    """Its `words`, and the batch transforms that `make` gives; `on_floats`: between 0 and 1, else on bytes."""

    words: str
    make: Callable[[], list[Any]]
    on_floats: bool = False


def _light() -> list[Any]:
    return aug_transforms(
        flip_vert=True, max_rotate=20.0, max_zoom=1.15, max_warp=0.0, max_lighting=0.2, p_affine=0.5
    )


def _as_in_the_article() -> list[Any]:
    return aug_transforms(
        do_flip=False, max_rotate=0.0, max_warp=0.0, max_zoom=1.0, max_lighting=0.1, xtra_tfms=[Dihedral(p=1.0)]
    )


AUGMENTATIONS: dict[Augment, Augmentation] = {
    "none": Augmentation("Training images are not changed.", list),
    "flips": Augmentation(
        "Training images are mirrored across, down, both or not at all, all equally often.", lambda: [Flips()]
    ),
    "light": Augmentation(
        "Half of the training images take one of the eight orientations, half are turned by up to 20°, half are "
        "enlarged by up to 15 %; brightness and contrast change by up to 20 %, each in three of four images.",
        _light, on_floats=True,
    ),
    "strong": Augmentation(
        "Training images are mirrored, turned by any angle, scaled, stretched and shifted; colours and light "
        "change; some are made less sharp or compressed as JPEG.", lambda: [StrongAugment()]
    ),
    "article": Augmentation(
        "Training images take one of the eight orientations, all equally often; brightness and contrast vary by "
        "up to 10 %, each in three of four images. This is what the article's code did.", _as_in_the_article,
        on_floats=True,
    ),
}
