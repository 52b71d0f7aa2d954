"""How long the outputs of a frozen backbone would take on this machine, for the time estimate; keeps nothing."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import nn

from pipeline.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.networks.onnx_body import known_body
from pipeline.progress import Progress
from pipeline.training.feature_store import FLIPS
from pipeline.training.features import Body, computed, fast_body, missing_features, output_count, wanted_features
from pipeline.workspace import Workspace

_WARM_UP, _MEASURED = 8, 64  # images, each with its flips


class FeatureTime(NamedTuple):
    """The backbone as the run would use it, its outputs a second, and the seconds for all that are not there yet."""

    body: Body
    rate: float
    seconds: float


def feature_time(
    dataset: Dataset, config: RunConfig, network: nn.Sequential, pixels, rows: np.ndarray, parts, device: str,
    note: Callable[[str], None], progress: Progress,
) -> FeatureTime:
    """Computes the outputs of some images.

    Args:
        network: `Sequential(body, head)`; with the run's own weights, its ONNX file is used if it is there.
        pixels: has those of `rows` at least.
        parts: (rows, targets) of each part of the whole split.
    """
    derived, body = 0.0, None
    if device == "cpu":
        body = known_body(Workspace(dataset.folder.parents[1]), network[0], config.height, config.width)
    if body is None:
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            body = fast_body(Workspace(Path(folder)), network[0], config, device, note, progress)
            derived = time.monotonic() - start
    places = np.array([(row, flip) for row in np.resize(rows, _WARM_UP + _MEASURED) for flip in range(FLIPS)])
    list(computed(places[: FLIPS * _WARM_UP], pixels, config, body))
    start = time.monotonic()
    list(computed(places[FLIPS * _WARM_UP :], pixels, config, body))
    rate = FLIPS * _MEASURED / max(time.monotonic() - start, 1e-9)
    wanted = wanted_features(config, parts, dataset.images)
    missing = missing_features(dataset, config, wanted, output_count(network))
    return FeatureTime(body, rate, derived + missing / rate if missing else 0.0)


def some_features(dataset: Dataset, network: nn.Sequential) -> np.ndarray:
    """(images, FLIPS, outputs) float16 of no meaning and no size, to train a head for its speed."""
    return np.broadcast_to(np.float16(0.5), (dataset.images, FLIPS, output_count(network)))
