"""One network as a classifier: it prepares an image, gives probabilities and explains them."""

from contextlib import AbstractContextManager, nullcontext

import numpy as np
from PIL import Image

from pipeline.data.prepare import prepare_image
from pipeline.errors import ModelError
from pipeline.inference.classifier import Explained, FeatureMaps, Images, Output
from pipeline.inference.model_output import model_output, views_of
from pipeline.inference.network_parts import NetworkParts, open_parts
from pipeline.models.model_info import ModelInfo


class Predictor:
    """A network with the preparation that it was trained with.

    Args:
        info: the model's description.
        parts: its body and head; opened from the model's folder where they are not given.
        device: torch device name, where they are not.

    Raises:
        ModelError: the weights are missing or do not fit.
    """

    def __init__(self, info: ModelInfo, parts: NetworkParts | None = None, device: str = "cpu"):
        self.info = info
        self._body, self._head = parts or open_parts(info, device)
        mean, std = (np.array(numbers, dtype=np.float32).reshape(3, 1, 1) for numbers in info.normalisation)
        self._shift, self._scale = -mean / std, 1 / (255 * std)

    def prepare(self, image: Image.Image) -> np.ndarray:
        """What the network sees of an opened image: uint8 (height, width, 3)."""
        info = self.info
        return prepare_image(image, info.height, info.width, info.resize, info.detail, info.view)

    def _features(self, pixels: np.ndarray) -> np.ndarray:
        """(N, K, h, w) float32 of (N, height, width, 3) uint8."""
        batch = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), dtype=np.float32)
        batch *= self._scale
        batch += self._shift
        return self._body(batch)

    def _shares(self, images: np.ndarray, features: np.ndarray) -> np.ndarray:
        """(N, C) what the model answers to `images`, whose features are there already."""
        others = (self._features(view) for view in views_of(self.info, images)[1:])
        return model_output(self.info, [self._head.probabilities(of) for of in (features, *others)])

    def _target(self, code: str) -> np.ndarray:
        if code not in self.info.classes:
            raise ModelError(f"The model {self.info.name} does not know the diagnosis {code}.")
        return np.array([self.info.classes.index(code)])

    def probabilities(self, images: Images) -> np.ndarray:
        """(N, C) float32 probabilities in the order of `info.classes`, for uint8 (height, width, 3) images."""
        pixels = np.asarray(images)
        return self._shares(pixels, self._features(pixels))

    def output(self, pixels: np.ndarray) -> Output:
        """What it gives for one prepared image."""
        features = self._features(pixels[None])
        shares = self._shares(pixels[None], features)
        return Output(shares[0], [features[0]], shares)

    def explain(self, pixels: np.ndarray, code: str, features: FeatureMaps | None = None) -> np.ndarray:
        """(h, w) float32 heatmap of positive evidence for the diagnosis `code`, in units of its logit.

        Args:
            features: what `output` gave for these pixels; without it they go through the body once more.

        Raises:
            ModelError: the model does not know the diagnosis.
        """
        target = self._target(code)
        given = self._features(pixels[None]) if features is None else np.stack(features)
        return self._head.heatmaps(given, target)[0]

    def predict_and_explain(
        self, images: Images, truths: np.ndarray, explaining: AbstractContextManager[None] | None = None
    ) -> Explained:
        """Probabilities (N, C), and heatmaps (N, h, w) for the predicted and for the true diagnosis, in one pass.

        Args:
            images: N, each (height, width, 3) uint8.
            truths: (N,) class indexes.
            explaining: entered while the heatmaps are drawn, for one who times them.
        """
        pixels = np.asarray(images)
        features = self._features(pixels)
        probabilities = self._shares(pixels, features)
        with explaining or nullcontext():
            predicted, true = (self._head.heatmaps(features, of) for of in (probabilities.argmax(1), truths))
            return Explained(probabilities, predicted, true)

    def embedding(self, images: np.ndarray) -> np.ndarray:
        """(N, K) float32 embeddings: the mean over the feature map that the head reads.

        Args:
            images: (N, height, width, 3) uint8.
        """
        return self._features(images).mean(axis=(2, 3))
