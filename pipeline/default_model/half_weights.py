"""Weights as 16-bit floats: half the size, and the same answers as far as anybody can see."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn

from pipeline.data.dataset import Dataset
from pipeline.errors import ModelError
from pipeline.files.disk import replace_file
from pipeline.images.reading import open_image
from pipeline.inference.predictor import Predictor
from pipeline.models.model_info import ModelInfo
from pipeline.networks.side_by_side import joined_state

WEIGHTS_FILE = "model.safetensors"
_COMPARED = 64  # images


def write_half_weights(sources: Sequence[Path], target: Path) -> int:
    """Writes the weights of the networks `sources`, side by side, with floating tensors as float16, others as they are;
    gives the file's bytes.

    Raises:
        ModelError: a weight is too large for 16 bits.
        WorkspaceError: the disk is full or cannot be written.
    """
    whole = joined_state([load_file(source) for source in sources])
    state = {name: _halved(name, tensor) for name, tensor in whole.items()}
    content = save(state)
    replace_file(target, content)
    return len(content)


def _halved(name: str, tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_floating_point():
        return tensor
    halved = tensor.to(torch.float16)
    if not torch.isfinite(halved).all():
        raise ModelError(f"The weights {name} are too large for 16-bit floats.", "Train with a smaller learning rate.")
    return halved


def largest_difference(info: ModelInfo, network: nn.Sequential, dataset: Dataset) -> float:
    """The largest difference, 0..1, of any probability between the model and the one with the weights it came from.

    Args:
        info: the model with 16-bit weights.
        network: the same with its 32-bit ones.
        dataset: whose images both are asked about: 64 of them, evenly over the table.
    """
    half, full = Predictor(info), Predictor(info, network)
    files = dataset.metadata()["file"]
    chosen = files.iloc[np.linspace(0, len(files) - 1, min(_COMPARED, len(files))).astype(int)]
    images = [half.prepare(open_image(dataset.image_path(file), file)) for file in chosen]
    return float(abs(half.probabilities(images) - full.probabilities(images)).max())
