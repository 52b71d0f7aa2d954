"""One network as a classifier: it prepares an image, gives probabilities and explains them."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from pipeline.configuration.network_registry import NETWORKS
from pipeline.data.prepare import prepare_image
from pipeline.errors import LesionLabError, MissingFileError, ModelError, WorkspaceError
from pipeline.files.safetensors_file import check_tensors
from pipeline.files.workspace import Workspace
from pipeline.inference.classifier import Explained, FeatureMaps, Images
from pipeline.inference.model_output import model_output, views_of
from pipeline.models.model_info import ModelInfo
from pipeline.networks.gradcam import HeadGradCam
from pipeline.networks.onnx_body import OnnxBody, body_digest, derived_body, stored_body
from pipeline.progress import Progress, silent

DERIVE_FROM = 400  # images: an ONNX file takes some 7 s to derive, and saves some 20 ms an image
_DERIVE_AFTER = 8  # images in torch: who looks at a few costs this computer nothing more
_log = logging.getLogger(__name__)


def load_network(info: ModelInfo) -> nn.Sequential:
    """The network of the weights in the model's folder.

    Raises:
        ModelError: they are missing or do not fit.
    """
    from pipeline.networks.architectures import build_network

    path = info.weights_path
    if info.arch not in NETWORKS:
        raise ModelError(f"The model {info.name} names a network that LesionLab does not have.", "Train it again.")
    network = build_network(info.arch, len(info.classes), "random", head=info.head)
    try:
        expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        check_tensors(path, expected, f"the model {info.name}", "Train it again.")
        network.load_state_dict(load_file(path))  # copies into float32, from weights stored as float16 too
    except MissingFileError as error:
        raise ModelError(f"The model {info.name} has no weights at {path}.", "Train it again.") from error
    except WorkspaceError as error:
        raise ModelError(error.problem, error.next_step) from error
    except (SafetensorError, RuntimeError, OSError) as error:  # whose words may quote the file
        raise ModelError(f"The weights at {path} do not fit the model {info.name}.", "Train it again.") from error
    return network


class Predictor:
    """A network in eval mode with the preparation that it was trained with.

    Its body may be run by ONNX Runtime, which is several times as fast on a processor; the head is always torch's.

    Args:
        info: the model's description.
        network: `Sequential(body, head)`; loaded from the model's folder where it is not given.
        device: torch device name.
        body: the network's body in ONNX Runtime, for the device "cpu" only.

    Attributes:
        body: the body in ONNX Runtime, or None: torch runs it.
        note: a sentence about why ONNX Runtime is not used although it was to be, or None.

    Raises:
        ModelError: the weights are missing or do not fit, or `body` is given for another device.
    """

    def __init__(
        self, info: ModelInfo, network: nn.Sequential | None = None, device: str = "cpu", body: OnnxBody | None = None
    ):
        if body and device != "cpu":
            raise ModelError(f"ONNX Runtime works on the processor, not on {device}.")
        self.info, self.device, self.body = info, device, body
        self.network = (network or load_network(info)).eval().to(device).to(memory_format=torch.channels_last)
        self.note: str | None = None
        self._by_torch, self._deriving = 0, False
        self._cam = HeadGradCam(self.network[1])
        mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in info.normalisation)
        self._shift, self._scale = (-mean / std).to(device), (1 / (255 * std)).to(device)

    @cached_property
    def _digest(self) -> str:
        return body_digest(self.network[0], self.info.height, self.info.width)

    def use_onnx(self, workspace: Workspace, images: int = 0, progress: Progress = silent) -> None:
        """From now on the body runs in ONNX Runtime if the workspace has its file, or if `images` are to come that are
        so many that writing it now pays. Where that fails, torch goes on and `note` says why.

        Raises:
            Cancelled: by `progress`.
        """
        if self.body or self.note or self.device != "cpu":
            return
        self.body = stored_body(workspace, self._digest)
        if self.body is None and images >= DERIVE_FROM:
            try:
                self.body = derived_body(workspace, self.network[0], self.info.height, self.info.width, progress)
            except (ModelError, WorkspaceError) as error:
                self._go_on_with_torch(error)

    def use_onnx_soon(self, workspace: Workspace, start_deriving: Callable[[Workspace, str], None]) -> None:
        """As `use_onnx`; where the file is missing, and torch has had some images, a process of its own writes it.

        For who asks again and again and must not wait.

        Args:
            start_deriving: starts that process for the model of that name (`jobs.launch.start_deriving`).
        """
        self.use_onnx(workspace)
        if self.body or self.note or self._deriving or self._by_torch < _DERIVE_AFTER:
            return
        self._deriving = True
        try:
            start_deriving(workspace, self.info.name)
        except WorkspaceError as error:
            self._go_on_with_torch(error)

    def _go_on_with_torch(self, error: LesionLabError) -> None:
        self.body, self.note = None, f"{error.problem} PyTorch runs the model {self.info.name} instead, more slowly."
        _log.warning(self.note)

    def prepare(self, image: Image.Image) -> np.ndarray:
        """What the network sees of an opened image: uint8 (height, width, 3)."""
        info = self.info
        return prepare_image(image, info.height, info.width, info.resize, info.detail, info.view)

    @contextmanager
    def _threads(self) -> Iterator[None]:
        """One thread for torch beside ONNX Runtime's: waiting threads of both would take the cores from each other."""
        before = torch.get_num_threads()
        torch.set_num_threads(1 if self.body else before)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def _features(self, pixels: np.ndarray) -> torch.Tensor:
        whole = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2)
        batch = whole.to(torch.float32, memory_format=torch.contiguous_format).mul_(self._scale).add_(self._shift)
        if self.body:
            try:
                return torch.from_numpy(self.body(batch.numpy()))
            except ModelError as error:
                self._go_on_with_torch(error)
        self._by_torch += len(pixels)
        with torch.no_grad():  # inference_mode's tensors would have to be copied for Grad-CAM
            return self.network[0](batch.contiguous(memory_format=torch.channels_last))

    def _softmax(self, features: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            return self.network[1](features).softmax(1).cpu().numpy()

    def _shares(self, images: np.ndarray, features: torch.Tensor) -> np.ndarray:
        """(N, C) what the model answers to `images`, whose features are there already."""
        others = views_of(self.info, images)[1:]
        return model_output(
            self.info, [self._softmax(features), *(self._softmax(self._features(view)) for view in others)]
        )

    def _target(self, code: str) -> torch.Tensor:
        if code not in self.info.classes:
            raise ModelError(f"The model {self.info.name} does not know the diagnosis {code}.")
        return torch.tensor([self.info.classes.index(code)], device=self.device)

    def probabilities(self, images: Images) -> np.ndarray:
        """(N, C) float32 probabilities in the order of `info.classes`, for uint8 (height, width, 3) images."""
        pixels = np.array(images)
        with self._threads():
            return self._shares(pixels, self._features(pixels))

    def output(self, pixels: np.ndarray) -> tuple[np.ndarray, FeatureMaps]:
        """Probabilities (C,) of one image, and its feature map, which `explain` takes."""
        image = pixels[None].copy()
        with self._threads():
            features = self._features(image)
            return self._shares(image, features)[0], [features[0].cpu().numpy()]

    def explain(self, pixels: np.ndarray, code: str, features: FeatureMaps | None = None) -> np.ndarray:
        """(h, w) float32 heatmap of positive evidence for the diagnosis `code`, in units of its logit.

        Args:
            features: what `output` gave for these pixels; without it they go through the body once more.

        Raises:
            ModelError: the model does not know the diagnosis.
        """
        target = self._target(code)
        with self._threads():
            given = self._features(pixels[None].copy()) if features is None else torch.tensor(np.stack(features))
            return self._cam.heatmaps(given.to(self.device), target)[0].cpu().numpy()

    def predict_and_explain(
        self, images: Images, truths: np.ndarray, explaining: AbstractContextManager[None] | None = None
    ) -> Explained:
        """Probabilities (N, C), and heatmaps (N, h, w) for the predicted and for the true diagnosis, in one pass.

        Args:
            images: N, each (height, width, 3) uint8.
            truths: (N,) class indexes.
            explaining: entered while the heatmaps are drawn, for one who times them.
        """
        with self._threads():
            pixels = np.asarray(images)
            features = self._features(pixels)
            probabilities = self._shares(pixels, features)
        with self._threads(), explaining or nullcontext():
            predicted = self._cam.heatmaps(features, torch.tensor(probabilities.argmax(1), device=self.device))
            true = self._cam.heatmaps(features, torch.tensor(truths, device=self.device))
            return Explained(probabilities, predicted.cpu().numpy(), true.cpu().numpy())

    def embedding(self, images: np.ndarray) -> np.ndarray:
        """(N, K) float32 embeddings: the mean over the feature map that the head reads.

        Args:
            images: (N, height, width, 3) uint8.
        """
        with self._threads():
            return self._features(np.array(images)).mean((2, 3)).cpu().numpy()
