"""What answers about images: one network, a mean of models, or a cross-validation's. See `network_parts`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image

from pipeline.files.workspace import Workspace
from pipeline.models.combined import member_priors, members_of
from pipeline.models.model_info import ModelInfo

Images = Sequence[np.ndarray] | np.ndarray  # prepared: uint8 (height, width, 3) each
FeatureMaps = list[np.ndarray]  # of one image, float32 (K, h, w) of each network that answers


class Output(NamedTuple):
    """What a classifier gives for one image.

    Attributes:
        probabilities: (diagnoses,) its answer.
        features: the feature maps that `explain` takes.
        of_networks: (networks, diagnoses) the answers that it is the mean of: those of a cross-validation's networks,
            else its own alone.
    """

    probabilities: np.ndarray
    features: FeatureMaps
    of_networks: np.ndarray


class Explained(NamedTuple):
    """Of N images probabilities (N, C), and heatmaps (N, h, w) for the predicted and for the true diagnosis."""

    probabilities: np.ndarray
    predicted: np.ndarray
    truth: np.ndarray


class Classifier(Protocol):
    """A model that is open. `Predictor` is one network, `Ensemble` a mean of models, `CrossValidated` the networks of a
    cross-validation.

    Attributes:
        info: the model's description; its `classes` are the order of all probabilities.
    """

    info: ModelInfo

    def prepare(self, image: Image.Image) -> np.ndarray:
        """What the model is asked about: uint8 (height, width, 3)."""

    def probabilities(self, images: Images) -> np.ndarray:
        """(N, C) float32 probabilities of prepared images; each row sums to 1."""

    def output(self, pixels: np.ndarray) -> Output:
        """What it gives for one prepared image."""

    def explain(self, pixels: np.ndarray, code: str, features: FeatureMaps | None = None) -> np.ndarray:
        """(h, w) float32 heatmap of positive evidence for the diagnosis `code`, in units of its logit.

        Raises:
            ModelError: the model does not know the diagnosis.
        """

    def predict_and_explain(
        self, images: Images, truths: np.ndarray, explaining: AbstractContextManager[None] | None = None
    ) -> Explained:
        """Probabilities and heatmaps of images whose true diagnoses, (N,) class indexes, are known.

        Args:
            explaining: entered while the heatmaps are drawn, for one who times them.
        """


def open_classifier(workspace: Workspace, info: ModelInfo, device: str = "cpu") -> Classifier:
    """The model, ready to answer on that torch device.

    Raises:
        ModelError: weights are missing or do not fit, or those of a fold or a member are gone or others by now; or see
            `combined.member_priors`.
    """
    if info.folds:
        from pipeline.inference.cross_validated import CrossValidated

        return CrossValidated(info, device)
    if not info.members:
        from pipeline.inference.predictor import Predictor

        return Predictor(info, device=device)
    from pipeline.inference.ensemble import Ensemble

    members = members_of(workspace, info)
    return Ensemble(info, members, member_priors(workspace, members), device)


def explained_one_by_one(
    classifier: Classifier, images: Images, truths: np.ndarray, explaining: AbstractContextManager[None] | None = None
) -> Explained:
    """`predict_and_explain` of a classifier of several networks: which diagnosis to explain is known only when all of
    them have answered, and their feature maps are kept until then.
    """
    outputs = [classifier.output(image) for image in images]
    probabilities = np.stack([output.probabilities for output in outputs])
    codes = classifier.info.classes
    with explaining or nullcontext():
        predicted, true = (
            np.stack([classifier.explain(image, codes[target], output.features)
                      for image, target, output in zip(images, targets, outputs, strict=True)])
            for targets in (probabilities.argmax(1), truths)
        )
    return Explained(probabilities, predicted, true)
