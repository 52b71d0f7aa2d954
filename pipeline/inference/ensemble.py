"""A mean of models as a classifier: each member prepares the image and answers for itself.

A member's softmax is at the class priors of its own training images, or at equal ones, as its loss has it. Each is
carried to the mean of the members' priors (`metrics.class_priors`) before they are averaged. Where all members weigh
diagnoses alike, the mean is carried back to that.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager

import numpy as np
from PIL import Image

from pipeline.data.prepare import prepare_image, viewed
from pipeline.images.colours import pixels_of
from pipeline.inference.classifier import Explained, FeatureMaps, Images, Output, explained_one_by_one
from pipeline.inference.predictor import Predictor
from pipeline.metrics.class_priors import at_equal_priors, at_training_priors, prior_vector
from pipeline.models.model_info import ModelInfo
from pipeline.networks.overlay import enlarge


class Ensemble:
    """The mean of some models.

    Args:
        info: the mean's description.
        members: its members' descriptions, as `combined.members_of` gives them.
        priors: of `combined.member_priors`.
        device: torch device name.

    Attributes:
        members: the members' predictors.

    Raises:
        ModelError: a member's weights are missing or do not fit.
    """

    def __init__(
        self, info: ModelInfo, members: list[ModelInfo], priors: list[dict[str, float]] | None, device: str = "cpu"
    ):
        self.info, self.device = info, device
        self.members = [Predictor(member, device=device) for member in members]
        self._priors = None if priors is None else [prior_vector(of, info.classes) for of in priors]

    def prepare(self, image: Image.Image) -> np.ndarray:
        """What the members make their input of, uint8 (H, W, 3): the part that they see, upright, where they squish it;
        what they all see where they crop it."""
        if self.info.resize == "crop":
            return prepare_image(image, self.info.height, self.info.width, "crop", view=self.info.view)
        return pixels_of(viewed(image, self.info.view))

    def probabilities(self, images: Images) -> np.ndarray:
        """(N, C) float32 probabilities in the order of `info.classes`, for prepared images, each of its own size."""
        return self._mean([member.probabilities(self._inputs(member, images)) for member in self.members])

    def output(self, pixels: np.ndarray) -> Output:
        """What it gives for one prepared image: a feature map of each member, and one answer."""
        outputs = [member.output(self._inputs(member, [pixels])[0]) for member in self.members]
        mean = self._mean([of.probabilities[None] for of in outputs])
        return Output(mean[0], [of.features[0] for of in outputs], mean)

    def explain(self, pixels: np.ndarray, code: str, features: FeatureMaps | None = None) -> np.ndarray:
        """(h, w) float32: the mean of the members' heatmaps for `code`, each brought to the finest one's grid.

        Like a single model's, a member's heatmap is that of the image as it is, not of its flips. Each is in units of
        its own network's logit, so a network with larger logits weighs more.

        Raises:
            ModelError: the model does not know the diagnosis.
        """
        maps = [
            member.explain(self._inputs(member, [pixels])[0], code, None if features is None else [features[place]])
            for place, member in enumerate(self.members)
        ]
        height, width = max((found.shape for found in maps), key=lambda shape: shape[0] * shape[1])
        grids = [found if found.shape == (height, width) else enlarge(found, height, width) for found in maps]
        return np.stack(grids).mean(axis=0, dtype=np.float32)

    def predict_and_explain(
        self, images: Images, truths: np.ndarray, explaining: AbstractContextManager[None] | None = None
    ) -> Explained:
        """Probabilities (N, C), and heatmaps (N, h, w) for the predicted and for the true diagnosis.

        Arguments as those of `Predictor.predict_and_explain`, but for images of different sizes.
        """
        return explained_one_by_one(self, images, truths, explaining)

    def _inputs(self, member: Predictor, images: Iterable[np.ndarray]) -> list[np.ndarray]:
        return [member.prepare(Image.fromarray(image)) for image in images]

    def _mean(self, outputs: list[np.ndarray]) -> np.ndarray:
        if self._priors is None:  # a single member: nothing is carried
            return outputs[0]
        common = np.mean(self._priors, axis=0)
        mean = np.mean([
            _carried(of, member.info, own, common)
            for of, member, own in zip(outputs, self.members, self._priors, strict=True)
        ], axis=0)
        alike = self.info.own_decision == "balanced"
        return (at_equal_priors(mean, common) if alike else mean).astype(np.float32)


def _carried(probabilities: np.ndarray, member: ModelInfo, own: np.ndarray, common: np.ndarray) -> np.ndarray:
    """A member's output at the mean of the members' class priors."""
    alike = probabilities if member.own_decision == "balanced" else at_equal_priors(probabilities, own)
    return at_training_priors(alike, common, "balanced_softmax")
