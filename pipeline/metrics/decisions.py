"""From probabilities to one answer: the two named decisions, and the frequencies that they assume.

A probability p(diagnosis | image) holds for the frequencies of the diagnoses that it assumes. It is carried over to
other frequencies by multiplying each by new / old frequency and renormalising, as long as the images of a diagnosis
look alike there and here (Saerens, Latinne & Decaestecker 2002, Neural Comput. 14:21, equation 4). A network that was
trained with balanced softmax (Ren et al. 2020, arXiv:2007.10740; the logit-adjusted loss of Menon et al. 2021,
arXiv:2007.07314) or with a loss weighted by class gives probabilities for equally frequent diagnoses; one that was
trained with plain cross-entropy gives them for the frequencies of its training images.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from pipeline.errors import DataError
from pipeline.metrics.predictions_table import classes_of, probability_columns, with_probabilities
from pipeline.vocabulary import Decision

DECISIONS: dict[Decision, str] = {
    "as-data": "the diagnosis of the highest probability, at the frequencies of the data",
    "balanced": "the diagnosis of the highest probability after dividing by the training frequencies: all diagnoses "
    "weighed alike",
}
WEIGHS_ALIKE = ("balanced_softmax", "weighted")  # losses whose networks' outputs assume equal frequencies


def frequencies_of(diagnoses: Iterable[str]) -> dict[str, float]:
    """The share, 0..1, of each diagnosis among the images whose diagnoses are given, by code.

    Raises:
        DataError: there is no image.
    """
    shares = pd.Series(list(diagnoses), dtype=object).value_counts(normalize=True).sort_index()
    if shares.empty:
        raise DataError("Without images the diagnoses have no frequencies.", "Use a data set with images.")
    return {str(code): float(share) for code, share in shares.items()}


def at_data_frequencies(probabilities: np.ndarray, frequencies: np.ndarray, loss: str) -> np.ndarray:
    """What a network's softmax says where the diagnoses are as frequent as in its training images.

    Args:
        probabilities: (images, diagnoses), each row summing to 1, as a network trained with `loss` gives them.
        frequencies: (diagnoses,) share of each in the training images, above 0.
        loss: one of `config.Loss`.

    Returns:
        (images, diagnoses) float64, each row summing to 1.

    Raises:
        DataError: a frequency is not above 0.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    return _carried(probabilities, _checked(frequencies)) if loss in WEIGHS_ALIKE else probabilities


def weighed_alike(probabilities: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Probabilities at the data's frequencies, carried over to equally frequent diagnoses.

    Args:
        probabilities: (images, diagnoses) at `frequencies`, each row summing to 1.
        frequencies: (diagnoses,) share of each in the training images, above 0.

    Returns:
        (images, diagnoses) float64, each row summing to 1.

    Raises:
        DataError: a frequency is not above 0.
    """
    return _carried(np.asarray(probabilities, dtype=np.float64), 1 / _checked(frequencies))


def decided(probabilities: np.ndarray, frequencies: np.ndarray, decision: Decision) -> np.ndarray:
    """Probabilities at the data's frequencies as `decision` sees them: its answer is the highest of each row."""
    if decision == "balanced":
        return weighed_alike(probabilities, frequencies)
    return np.asarray(probabilities, dtype=np.float64)


def decide(predictions: pd.DataFrame, frequencies: Mapping[str, float], decision: Decision) -> pd.DataFrame:
    """A table of predictions under a decision: `predicted`, p_<code> and `loss` as it sees them, the rest as it was.

    Args:
        predictions: a row an image, with truth, and p_<code> at the data's frequencies for each diagnosis.
        frequencies: share of each diagnosis in the training images, by code.

    Raises:
        DataError: a diagnosis of the table has no frequency above 0, or a truth no probability.
    """
    classes = classes_of(predictions, ("truth",))
    priors, probabilities = vector(frequencies, classes), predictions[probability_columns(classes)].to_numpy()
    return with_probabilities(predictions, classes, decided(probabilities, priors, decision))


def vector(frequencies: Mapping[str, float], classes: Iterable[str]) -> np.ndarray:
    """(diagnoses,) float64 frequencies in the order of `classes`.

    Raises:
        DataError: one of them has none, or none above 0.
    """
    return _checked(np.array([frequencies.get(code, 0.0) for code in classes], dtype=np.float64))


def _checked(frequencies: np.ndarray) -> np.ndarray:
    frequencies = np.asarray(frequencies, dtype=np.float64)
    if not (frequencies > 0).all():
        raise DataError("A diagnosis has no training image, so nothing can be divided by its frequency.")
    return frequencies


def _carried(probabilities: np.ndarray, factors: np.ndarray) -> np.ndarray:
    weighed = probabilities * factors
    return weighed / weighed.sum(axis=1, keepdims=True)
