"""A linear head in numpy: the mean of each feature over the map, then one linear layer."""

from collections.abc import Mapping

import numpy as np

_WEIGHT, _BIAS = "3.weight", "3.bias"  # its place in `architectures`' Sequential


def softmax(logits: np.ndarray) -> np.ndarray:
    """(N, C) shares of (N, C) logits, each row summing to 1, in their precision."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


class LinearHead:
    """
    Args:
        state: its tensors by name, those of `tensors`; float32.
    """

    def __init__(self, state: Mapping[str, np.ndarray]):
        self._weight, self._bias = state[_WEIGHT], state[_BIAS]

    @staticmethod
    def tensors(features: int, outputs: int) -> dict[str, tuple[int, ...]]:
        """The shape of each of its tensors by the name that it has in the head's state."""
        return {_WEIGHT: (outputs, features), _BIAS: (outputs,)}

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """(N, C) float32 softmax of (N, K, h, w) float32 feature maps."""
        return softmax(features.mean(axis=(2, 3)) @ self._weight.T + self._bias)

    def heatmaps(self, features: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391), where the logit's gradient is known: the weights, over
        the number of places.

        Args:
            features: (N, K, h, w) feature maps of the images shown.
            targets: (N,) class index whose logit is explained.

        Returns:
            (N, h, w) at least 0; all 0 where there is no positive evidence.
        """
        n, k, h, w = features.shape
        evidence = (self._weight[targets][:, None] @ features.reshape(n, k, h * w)).reshape(n, h, w)
        return np.maximum(evidence / np.float32(h * w), 0)
