"""The networks of one cross-validation as a classifier: the mean of them all, or the one that left an image out."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property

import numpy as np
from PIL import Image

from pipeline.inference.classifier import Classifier, Explained, FeatureMaps, Images, Output, explained_one_by_one
from pipeline.inference.predictor import Predictor
from pipeline.models.model_info import ModelInfo
from pipeline.models.recognition import KnownImages, Recognised
from pipeline.models.weights_files import check_folds


class CrossValidated:
    """Networks of one cross-validation, which see an image in the same way, so that it is prepared once.

    Args:
        info: a description with folds.
        device: torch device name.

    Attributes:
        networks: for each fold the network that was trained without it, with its own temperature.

    Raises:
        ModelError: the weights of a fold are missing, are others than the description names, or do not fit.
    """

    def __init__(self, info: ModelInfo, device: str = "cpu"):
        check_folds(info)
        self.info = info
        self.networks = [Predictor(info.of_fold(fold), device=device) for fold in range(len(info.folds))]

    @cached_property
    def known(self) -> KnownImages:
        """The images that the networks were trained on.

        Raises:
            ModelError: their list is missing or damaged.
        """
        return KnownImages(self.info)

    def prepare(self, image: Image.Image) -> np.ndarray:
        """What each network sees of an opened image: uint8 (height, width, 3)."""
        return self.networks[0].prepare(image)

    def probabilities(self, images: Images) -> np.ndarray:
        """(N, C) float32: the mean of the networks' calibrated probabilities of prepared images."""
        return _mean([network.probabilities(images) for network in self.networks])

    def output(self, pixels: np.ndarray) -> Output:
        """What it gives for one prepared image: a feature map and an answer of each network, and their mean."""
        outputs = [network.output(pixels) for network in self.networks]
        each = np.stack([of.probabilities for of in outputs])
        return Output(_mean(each), [of.features[0] for of in outputs], each)

    def explain(self, pixels: np.ndarray, code: str, features: FeatureMaps | None = None) -> np.ndarray:
        """(h, w) float32: the mean of the networks' heatmaps for the diagnosis `code`, in units of its logit.

        Args:
            features: what `output` gave for these pixels.

        Raises:
            ModelError: the model does not know the diagnosis.
        """
        return _mean([
            network.explain(pixels, code, None if features is None else [features[fold]])
            for fold, network in enumerate(self.networks)
        ])

    def predict_and_explain(
        self, images: Images, truths: np.ndarray, explaining: AbstractContextManager[None] | None = None
    ) -> Explained:
        """Probabilities (N, C), and heatmaps (N, h, w) for the predicted and for the true diagnosis.

        Arguments as those of `Predictor.predict_and_explain`.
        """
        return explained_one_by_one(self, images, truths, explaining)


def recognise(classifier: Classifier, pixels: np.ndarray, name: str) -> Recognised | None:
    """The training image that a prepared one shows, where the classifier has networks that were not trained on it;
    see `KnownImages.find`.
    """
    return classifier.known.find(pixels, name) if isinstance(classifier, CrossValidated) else None


def alone(classifier: Classifier, network: int | None) -> Classifier:
    """One network of a cross-validation, by its fold; with None the classifier itself."""
    if network is None or not isinstance(classifier, CrossValidated):
        return classifier
    return classifier.networks[network]


def answers(classifier: Classifier, images: Sequence[np.ndarray], networks: Sequence[int | None]) -> np.ndarray:
    """(N, C) float32 probabilities of prepared images, each of the network of that fold, or of all where it is None."""
    return np.stack([_mean(each) for each in answers_of_networks(classifier, images, networks)])


def answers_of_networks(
    classifier: Classifier, images: Sequence[np.ndarray], networks: Sequence[int | None]
) -> list[np.ndarray]:
    """For each prepared image (networks, C) float32 probabilities: of the network of that fold alone, or, where it is
    None, of each network; a classifier of another kind counts as one. Their mean is the answer.
    """
    found: list[np.ndarray] = [np.empty(0)] * len(images)
    for network in set(networks):
        rows = [row for row, own in enumerate(networks) if own == network]
        asked, chosen = alone(classifier, network), [images[row] for row in rows]
        together = asked.networks if isinstance(asked, CrossValidated) else [asked]
        of_networks = np.stack([one.probabilities(chosen) for one in together], axis=1)
        for row, each in zip(rows, of_networks, strict=True):
            found[row] = each
    return found


def _mean(of_networks: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    return np.stack(list(of_networks)).mean(axis=0, dtype=np.float64).astype(np.float32)
