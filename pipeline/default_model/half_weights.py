"""Weights as 16-bit floats: half the size, and the same answers as far as anybody can see."""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from pipeline.errors import ModelError


def half_weights(source: Path) -> bytes:
    """The content of a safetensors file with the weights of `source`: floating ones as float16, others as they are.

    Raises:
        ModelError: a weight is too large for 16 bits.
    """
    return save({name: _halved(name, tensor) for name, tensor in load_file(source).items()})


def _halved(name: str, tensor: np.ndarray) -> np.ndarray:
    if tensor.dtype.kind != "f":
        return tensor
    with np.errstate(over="ignore"):  # it is said below
        halved = tensor.astype(np.float16)
    if not np.isfinite(halved).all():
        raise ModelError(f"The weights {name} are too large for 16-bit floats.", "Train with a smaller learning rate.")
    return halved
