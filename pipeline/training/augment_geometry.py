"""Any rotation, flip, zoom, aspect and shift in one resampling, with a kernel drawn for each image."""

import math

import numpy as np
import torch
from torch.nn import functional

ZOOM = (0.75, 1.33)  # of the area
ASPECT = (0.8, 1.25)
SHIFT = 0.08  # of the width or height, either way
UPRIGHT = 0.15  # share that is only mirrored or turned half around: as sharp as the images that are predicted
KERNELS = {"bilinear": 0.6, "bicubic": 0.3, "nearest": 0.1}


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
