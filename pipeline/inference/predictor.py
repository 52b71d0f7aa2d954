"""The only door to a trained model: prepare an image, ask for probabilities, ask for a heatmap."""

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from pipeline.data.prepare import IMAGENET_MEAN, IMAGENET_STD, prepare_image
from pipeline.errors import ModelError
from pipeline.explain.gradcam import HeadGradCam
from pipeline.inference.model_info import ModelInfo

_MEAN = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
_STD = torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)


def _load_network(info: ModelInfo) -> nn.Sequential:
    from pipeline.training.networks import build_network

    path = info.folder / "model.safetensors"
    network = build_network(info.arch, len(info.classes), "random")
    try:
        network.load_state_dict(load_file(path))
    except FileNotFoundError as error:
        raise ModelError(f"The model {info.name} has no weights at {path}.", "Train it again.") from error
    except Exception as error:  # safetensors and torch raise several kinds for a damaged or foreign file
        raise ModelError(f"The weights at {path} do not fit the model {info.name}: {error}.", "") from error
    return network


class Predictor:
    """A network in eval mode with the preparation that it was trained with.

    Args:
        info: the model's description.
        network: `Sequential(body, head)`; loaded from the model's folder where it is not given.
        device: torch device name.

    Raises:
        ModelError: the weights are missing or do not fit.
    """

    def __init__(self, info: ModelInfo, network: nn.Sequential | None = None, device: str = "cpu"):
        self.info, self.device = info, device
        self.network = (network or _load_network(info)).eval().to(device, memory_format=torch.channels_last)
        self._cam = HeadGradCam(self.network[1])

    def prepare(self, image: Image.Image) -> np.ndarray:
        """What the network sees of an opened image: uint8 (height, width, 3)."""
        return prepare_image(image, self.info.height, self.info.width, self.info.resize)

    def _features(self, pixels: np.ndarray) -> torch.Tensor:
        batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(self.device).float() / 255
        if self.info.normalize:
            batch = (batch - _MEAN.to(self.device)) / _STD.to(self.device)
        with torch.inference_mode():
            features = self.network[0](batch.contiguous(memory_format=torch.channels_last))
        return features.clone()

    def probabilities(self, images: list[np.ndarray] | np.ndarray) -> np.ndarray:
        """(N, C) float32 probabilities in the order of `info.classes`, for uint8 (height, width, 3) images."""
        features = self._features(np.array(images))
        with torch.inference_mode():
            return self.network[1](features).softmax(1).cpu().numpy()

    def explain(self, pixels: np.ndarray, code: str) -> np.ndarray:
        """(h, w) float32 heatmap of positive evidence for the diagnosis `code`, in units of its logit."""
        if code not in self.info.classes:
            raise ModelError(f"The model {self.info.name} does not know the diagnosis {code}.")
        target = torch.tensor([self.info.classes.index(code)], device=self.device)
        return self._cam.heatmaps(self._features(pixels[None].copy()), target)[0].cpu().numpy()

    def judge(self, images: np.ndarray, truths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Probabilities (N, C), and heatmaps (N, h, w) for the predicted and for the true diagnosis, in one pass.

        Args:
            images: (N, height, width, 3) uint8.
            truths: (N,) class indexes.
        """
        features = self._features(images)
        with torch.inference_mode():
            probabilities = self.network[1](features).softmax(1).cpu()
        predicted = self._cam.heatmaps(features, probabilities.argmax(1).to(self.device))
        true = self._cam.heatmaps(features, torch.tensor(truths, device=self.device))
        return probabilities.numpy(), predicted.cpu().numpy(), true.cpu().numpy()
