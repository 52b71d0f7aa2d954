"""How large a trained network is, read from the head of its weights' file, without torch and without the weights."""

import math
import os
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import ModelError, WorkspaceError
from pipeline.files.safetensors_file import read_tensors

# what BatchNorm counts and averages; no optimizer changes them, so they are not parameters
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


class NetworkSize(NamedTuple):
    """How many `parameters` a network has, and the `size` of its weights' file in bytes."""

    parameters: int
    size: int


def network_size(weights: Path) -> NetworkSize | None:
    """The size of the network whose weights lie in the safetensors file `weights`; None where there is no such file.

    Raises:
        ModelError: the file is damaged.
    """
    if not os.path.lexists(weights):
        return None
    try:
        tensors = read_tensors(weights, "Train the model again.")
    except WorkspaceError as error:
        raise ModelError(error.problem, error.next_step) from error
    shapes = [tensor.shape for name, tensor in tensors.items() if not name.endswith(_BUFFERS)]
    return NetworkSize(sum(map(math.prod, shapes)), weights.stat().st_size)
