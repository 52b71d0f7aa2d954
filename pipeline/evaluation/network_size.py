"""How large a trained network is, read from the head of its weights' file, without torch and without the weights."""

import math
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open

from pipeline.errors import ModelError

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
    if not weights.exists():
        return None
    try:
        with safe_open(weights, framework="np") as stored:
            names = stored.keys()
            # a slice is a view on the file: shapes alone are read
            shapes = [stored.get_slice(name).get_shape() for name in names if not name.endswith(_BUFFERS)]
    except SafetensorError as error:
        raise ModelError(f"The weights {weights} are damaged.", "Train the model again.") from error
    return NetworkSize(sum(map(math.prod, shapes)), weights.stat().st_size)
