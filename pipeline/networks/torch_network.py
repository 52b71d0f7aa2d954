"""The parts of a network that PyTorch runs: a body on a GPU, and a head that is more than one linear layer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from captum.attr import LayerGradCam
from torch import nn

from pipeline.errors import ModelError
from pipeline.networks.onnx_body import OnnxBody


def arrays_of(module: nn.Module) -> dict[str, np.ndarray]:
    """Its state in numpy, by the same names; a copy."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in module.state_dict().items()}


def load_arrays(module: nn.Module, state: Mapping[str, np.ndarray]) -> None:
    """Gives the module a state in numpy, by the same names; copied."""
    module.load_state_dict({name: torch.tensor(array) for name, array in state.items()})


class TorchBody:
    """A body in eval mode on a torch device, called as an `OnnxBody` is."""

    def __init__(self, body: nn.Module, device: str):
        self._body, self._device = body.eval().to(device, memory_format=torch.channels_last), device

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """(N, K, h, w) float32 feature maps of (N, 3, H, W) float32 normalised images; in halves where the GPU's memory
        is too small for all of them at once.

        Raises:
            ModelError: it is too small for one.
        """
        try:
            return self._feature_maps(images)
        except torch.cuda.OutOfMemoryError as error:
            if len(images) == 1:
                raise ModelError(
                    "The GPU's memory is too small for one image.", "Wait until other work on the GPU has ended."
                ) from error
        # here the exception is gone, and with it the frames that held the tensors
        torch.cuda.empty_cache()
        half = len(images) // 2
        return np.concatenate([self(images[:half]), self(images[half:])])

    def _feature_maps(self, images: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(images).to(self._device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            return self._body(batch).float().cpu().numpy()


def body_of(arch: str, module: nn.Module, device: str) -> OnnxBody | TorchBody:
    """The present body of a network in memory: in ONNX Runtime on a processor, in PyTorch on a GPU."""
    return OnnxBody(arch, arrays_of(module)) if device == "cpu" else TorchBody(module, device)


class TorchHead:
    """A head on the processor, with Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) through it alone: equal to the
    whole network's, without a backward pass through the body.

    Args:
        head: maps a feature map (N, K, h, w) to logits (N, C).
    """

    def __init__(self, head: nn.Module):
        self._head, self._feature_map = head.eval(), nn.Identity()
        self._cam = LayerGradCam(nn.Sequential(self._feature_map, self._head), self._feature_map)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """(N, C) float32 softmax of (N, K, h, w) float32 feature maps."""
        with _one_thread(), torch.inference_mode():
            return self._head(torch.from_numpy(features)).softmax(1).numpy()

    def heatmaps(self, features: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """As those of a `LinearHead`."""
        with _one_thread():
            attribution = self._cam.attribute(
                torch.from_numpy(features), target=torch.tensor(targets), relu_attributions=True
            )
            return attribution[:, 0].detach().numpy()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Waiting threads of PyTorch would take the cores from ONNX Runtime's; a head is hardly any work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
