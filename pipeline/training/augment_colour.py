"""Colour as cameras and lamps differ: one colour matrix and one gamma for each image."""

import math

import numpy as np
import torch

BRIGHTNESS = 0.1  # of the full range, either way
CONTRAST = (0.8, 1.25)
SATURATION = (0.8, 1.2)
HUE = 0.02  # of a turn, either way
GAIN = 0.06  # of each channel, either way: the lamp's colour
GAMMA = (0.8, 1.25)
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


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
