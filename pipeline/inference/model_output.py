"""From a network's softmax to what its model answers: views averaged, the data's frequencies, the temperature."""

import numpy as np

from pipeline.metrics.calibration import apply_temperature
from pipeline.metrics.class_priors import at_training_priors, prior_vector
from pipeline.models.model_info import ModelInfo


def is_plain(info: ModelInfo) -> bool:
    """Whether the model answers with its network's softmax of the one image, all of it scaled straight to the input."""
    calibrated = info.temperature != 1 or info.frequencies is not None
    return not info.flips and not calibrated and info.detail is None and info.view == "whole"


def views_of(info: ModelInfo, images: np.ndarray) -> list[np.ndarray]:
    """The images as they are, and where the model averages over flips also flipped across, down and both.

    Args:
        images: (N, height, width, 3).

    Returns:
        Arrays of that shape; the first is `images`.
    """
    if not info.flips:
        return [images]
    return [images, images[:, :, ::-1].copy(), images[:, ::-1].copy(), images[:, ::-1, ::-1].copy()]


def model_output(info: ModelInfo, softmax: list[np.ndarray]) -> np.ndarray:
    """(N, C) float32 probabilities of a model, each row summing to 1.

    Args:
        softmax: (N, C) of the network, for each of `views_of` the images.

    Raises:
        DataError: a diagnosis of the model has no training frequency.
    """
    probabilities = np.mean(softmax, axis=0) if len(softmax) > 1 else softmax[0]
    if info.frequencies is not None:
        probabilities = at_training_priors(probabilities, prior_vector(info.frequencies, info.classes), info.loss)
    if info.temperature != 1:
        probabilities = apply_temperature(probabilities, info.temperature)
    return probabilities.astype(np.float32)
