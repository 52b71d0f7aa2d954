"""A model's weights as the two parts that answer: a body in ONNX Runtime, and a head, in numpy where it is linear.

Only fastai's head needs PyTorch, which is loaded when a model that has one is opened; on a GPU it runs the body, too.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from pipeline.configuration.network_registry import NETWORKS
from pipeline.errors import MissingFileError, ModelError, WorkspaceError
from pipeline.files.safetensors_file import check_tensors
from pipeline.models.model_info import ModelInfo
from pipeline.networks.linear_head import LinearHead
from pipeline.networks.onnx_body import OnnxBody, body_tensors, read_graph

if TYPE_CHECKING:  # which a model with a linear head does not load
    from torch import nn

Body = Callable[[np.ndarray], np.ndarray]  # (N, 3, H, W) normalised images to (N, K, h, w) feature maps, both float32
_State = Mapping[str, np.ndarray]
_BODY, _HEAD = "0.", "1."  # what the names of their tensors begin with, as those of `Sequential(body, head)`


class Head(Protocol):
    """What decides on feature maps (N, K, h, w) float32."""

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """(N, C) float32: the softmax of its logits."""

    def heatmaps(self, features: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """(N, h, w) float32, at least 0: Grad-CAM for the logit of each image's target, (N,) class indexes."""


class NetworkParts(NamedTuple):
    """A network that is open."""

    body: Body
    head: Head


def open_parts(info: ModelInfo, device: str = "cpu") -> NetworkParts:
    """The network of the weights in the model's folder, its body on that torch device.

    Raises:
        ModelError: they are missing or do not fit, or are no numbers.
    """
    state = _read(info)
    if device == "cpu":
        return _on_processor(info, state)
    return _with_torch_body(info, _torch_network(info, state), state, device)


def parts_of(info: ModelInfo, network: "nn.Sequential", device: str) -> NetworkParts:
    """A network in memory, `Sequential(body, head)`, as it is now; on a GPU its body stays the same object."""
    from pipeline.networks.torch_network import arrays_of

    state = arrays_of(network)
    if device == "cpu":
        return _on_processor(info, state)
    return _with_torch_body(info, network, state, device)


def load_network(info: ModelInfo) -> "nn.Sequential":
    """The network of the weights in the model's folder in PyTorch, whole, in float32.

    Raises:
        ModelError: they are missing or do not fit, or are no numbers.
    """
    return _torch_network(info, _read(info))


def _on_processor(info: ModelInfo, state: _State) -> NetworkParts:
    return NetworkParts(OnnxBody(info.arch, _within(state, _BODY)), _head(info, state))


def _with_torch_body(info: ModelInfo, network: "nn.Sequential", state: _State, device: str) -> NetworkParts:
    from pipeline.networks.torch_network import TorchBody

    return NetworkParts(TorchBody(network[0], device), _head(info, state))


def _within(state: _State, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}


def _head(info: ModelInfo, state: _State) -> Head:
    of_head = _within(state, _HEAD)
    if info.head == "linear":
        return LinearHead(of_head)
    from pipeline.networks.torch_network import TorchHead, load_arrays

    head = _torch_head(info)
    load_arrays(head, of_head)
    return TorchHead(head)


def _torch_head(info: ModelInfo) -> "nn.Sequential":
    from pipeline.networks.architectures import build_head

    return build_head(info.head, read_graph(info.arch).features, len(info.classes))


def _torch_network(info: ModelInfo, state: _State) -> "nn.Sequential":
    from pipeline.networks.architectures import build_network
    from pipeline.networks.torch_network import load_arrays

    network = build_network(info.arch, len(info.classes), "random", head=info.head)
    load_arrays(network, state)
    return network


def _expected(info: ModelInfo) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor of the model's network by name."""
    if info.arch not in NETWORKS:
        raise ModelError(f"The model {info.name} names a network that LesionLab does not have.", "Train it again.")
    if info.head == "linear":
        head = LinearHead.tensors(read_graph(info.arch).features, len(info.classes))
    else:
        head = {name: tuple(tensor.shape) for name, tensor in _torch_head(info).state_dict().items()}
    body = body_tensors(info.arch)
    return {**{_BODY + name: of for name, of in body.items()}, **{_HEAD + name: of for name, of in head.items()}}


def _read(info: ModelInfo) -> dict[str, np.ndarray]:
    """The weights of the model, checked against its description before anybody takes memory for them."""
    path, expected = info.weights_path, _expected(info)
    with _in_words(info):
        check_tensors(path, expected, f"the model {info.name}", "Train it again.")
        state = {name: _in_32_bits(array) for name, array in load_file(path).items()}
    if {name: array.shape for name, array in state.items()} != expected:  # somebody has replaced the file meanwhile
        raise _unfit(info)
    if not all(np.isfinite(array).all() for array in state.values()):  # ONNX Runtime makes numbers of what is none
        raise ModelError(f"The weights at {path} are no finite numbers.", "Train it again.")
    return state


def _in_32_bits(array: np.ndarray) -> np.ndarray:
    """Weights may be stored in 16 bits, or 64; counters are whole numbers."""
    return array if array.dtype.kind in "iu" else array.astype(np.float32, copy=False)


def _unfit(info: ModelInfo) -> ModelError:
    return ModelError(f"The weights at {info.weights_path} do not fit the model {info.name}.", "Train it again.")


@contextmanager
def _in_words(info: ModelInfo) -> Iterator[None]:
    try:
        yield
    except MissingFileError as error:
        raise ModelError(f"The model {info.name} has no weights at {info.weights_path}.", "Train it again.") from error
    except WorkspaceError as error:
        raise ModelError(error.problem, error.next_step) from error
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:  # whose words may quote the file
        raise _unfit(info) from error
