"""Class priors, the frequencies of the diagnoses, and probabilities that are carried from some to others.

A probability p(diagnosis | image) holds for the class priors that it assumes. It is carried over to others by
multiplying each by new / old prior and renormalising, as long as the images of a diagnosis look alike there and here
(Saerens, Latinne & Decaestecker 2002, Neural Comput. 14:21, equation 4). A network that was trained with balanced
softmax (Ren et al. 2020, arXiv:2007.10740; the logit-adjusted loss of Menon et al. 2021, arXiv:2007.07314) or with a
loss weighted by class gives probabilities for equally frequent diagnoses; one that was trained with plain cross-entropy
gives them for the priors of its training images. Extra training images from another data set count in none of these:
the loss sees to it that the network's probabilities are at the priors of the others (`training.losses.make_loss`).
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from pipeline.errors import DataError

WEIGHS_ALIKE = ("balanced_softmax", "weighted")  # losses whose networks' outputs assume equal priors


def class_priors(diagnoses: Iterable[str]) -> dict[str, float]:
    """The share, 0..1, of each diagnosis among the images whose diagnoses are given, by code.

    Raises:
        DataError: there is no image.
    """
    shares = pd.Series(list(diagnoses), dtype=object).value_counts(normalize=True).sort_index()
    if shares.empty:
        raise DataError("Without images the diagnoses have no frequencies.", "Use a data set with images.")
    return {str(code): float(share) for code, share in shares.items()}


def prior_vector(priors: Mapping[str, float], classes: Iterable[str]) -> np.ndarray:
    """(diagnoses,) float64 class priors in the order of `classes`.

    Raises:
        DataError: one of them has none, or none above 0.
    """
    return _checked(np.array([priors.get(code, 0.0) for code in classes], dtype=np.float64))


def at_training_priors(probabilities: np.ndarray, priors: np.ndarray, loss: str) -> np.ndarray:
    """What a network's softmax says where the diagnoses are as frequent as in its training images.

    Args:
        probabilities: (images, diagnoses), each row summing to 1, as a network trained with `loss` gives them.
        priors: (diagnoses,) share of each in the training images, above 0.
        loss: one of `config.Loss`.

    Returns:
        (images, diagnoses) float64, each row summing to 1.

    Raises:
        DataError: a prior is not above 0.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    return _carried(probabilities, _checked(priors)) if loss in WEIGHS_ALIKE else probabilities


def at_equal_priors(probabilities: np.ndarray, priors: np.ndarray) -> np.ndarray:
    """Probabilities at `priors`, carried over to equally frequent diagnoses.

    Args:
        probabilities: (images, diagnoses) at `priors`, each row summing to 1.
        priors: (diagnoses,) share of each in the training images, above 0.

    Returns:
        (images, diagnoses) float64, each row summing to 1.

    Raises:
        DataError: a prior is not above 0.
    """
    return _carried(np.asarray(probabilities, dtype=np.float64), 1 / _checked(priors))


def _checked(priors: np.ndarray) -> np.ndarray:
    priors = np.asarray(priors, dtype=np.float64)
    if not (priors > 0).all():
        raise DataError("A diagnosis has no training image, so nothing can be divided by its frequency.")
    return priors


def _carried(probabilities: np.ndarray, factors: np.ndarray) -> np.ndarray:
    weighed = probabilities * factors
    return weighed / weighed.sum(axis=1, keepdims=True)
