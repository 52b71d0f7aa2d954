"""A network's body in ONNX Runtime, several times as fast on a processor as PyTorch: a graph that lies beside this
module, made by `body_graphs`, and the model's own weights.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime

from pipeline.errors import ModelError
from pipeline.networks.device import physical_cores

INPUT, OUTPUT = "images", "features"
_GRAPHS = Path(__file__).with_name("graphs")
_SPIN_MICROSECONDS = "100"  # longer than most gaps between a network's layers


class Graph(NamedTuple):
    """A body without weights: the file's content, the shape of each of its tensors, and K, how many features it gives.
    """

    content: bytes
    shapes: dict[str, tuple[int, ...]]
    features: int


def graph_path(arch: str) -> Path:
    """Where the graph of that network's body lies."""
    return _GRAPHS / f"{arch}.onnx"


@cache
def read_graph(arch: str) -> Graph:
    """The graph of that network's body; `arch` is a key of `network_registry.NETWORKS`."""
    content = graph_path(arch).read_bytes()
    graph = onnx.load_from_string(content).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    return Graph(content, shapes, graph.output[0].type.tensor_type.shape.dim[1].dim_value)


def body_tensors(arch: str) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor in the state of that network's body, as PyTorch names them; a graph lacks counters."""
    shapes = read_graph(arch).shapes
    norms = [name.removesuffix("running_mean") for name in shapes if name.endswith(".running_mean")]
    return {**shapes, **{f"{name}num_batches_tracked": () for name in norms}}


@cache
def compute_threads() -> int:
    """How many threads a network may use: `$OMP_NUM_THREADS`, which PyTorch obeys too, else the processor's cores."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) else physical_cores()


class OnnxBody:
    """A network's body, run by ONNX Runtime on the processor, on images of any size.

    Args:
        arch: a key of `network_registry.NETWORKS`.
        weights: its tensors by the names that they have in the body's state; floating ones of any precision.

    Raises:
        ModelError: a tensor is missing or has another shape.
    """

    def __init__(self, arch: str, weights: Mapping[str, np.ndarray]):
        graph = read_graph(arch)
        if any(name not in weights or weights[name].shape != shape for name, shape in graph.shapes.items()):
            raise ModelError(f"The weights are not those of the network {arch}.", "Train it again.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = compute_threads()
        # a thread without work waits at full speed, between two calls too, and takes the core from who has some
        options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN_MICROSECONDS)
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.log_severity_level = 3  # what it raises says all; its warnings are about the graph's form
        arrays = [np.ascontiguousarray(weights[name], dtype=np.float32) for name in graph.shapes]
        options.add_external_initializers(
            list(graph.shapes), [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in arrays]
        )
        self._session = onnxruntime.InferenceSession(graph.content, options, providers=["CPUExecutionProvider"])

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """(N, K, h, w) float32 feature maps of (N, 3, H, W) float32 images, normalised as the network wants them.

        Raises:
            ModelError: ONNX Runtime could not compute them.
        """
        try:
            return self._session.run([OUTPUT], {INPUT: images})[0]
        except Exception as error:  # ONNX Runtime's errors have no common base of their own
            raise ModelError(f"ONNX Runtime failed: {error}.", "") from error
