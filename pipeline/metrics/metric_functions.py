"""The figures that the field reports of a classifier, each once: functions of `Sampled`, for every draw of the images.

So the same function gives a figure (each image counts once) and what a bootstrap makes of it (lesions are drawn).
What is undefined is NaN. Sensitivity, specificity and AUC are those of a target against all others, with the diagnosis
of the highest probability as the answer, no threshold.
"""

import numpy as np

from pipeline.classes import MELANOMA, NEVUS
from pipeline.metrics.predictions_table import class_indices, confidence_and_right
from pipeline.metrics.sampled import Sampled
from pipeline.metrics.samples import mean_of_defined

BINS = 15  # of the expected calibration error


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return part / whole


# of each target: (draws, targets)


def sensitivity(of: Sampled) -> np.ndarray:
    """Share of a target's images that are flagged."""
    return _ratio(of.cells.tp, of.cells.tp + of.cells.fn)


def specificity(of: Sampled) -> np.ndarray:
    """Share of all other images that are not flagged."""
    return _ratio(of.cells.tn, of.cells.tn + of.cells.fp)


def ppv(of: Sampled) -> np.ndarray:
    """Share of the flagged images that are the target's."""
    return _ratio(of.cells.tp, of.cells.tp + of.cells.fp)


def npv(of: Sampled) -> np.ndarray:
    """Share of the images that are not flagged that are not the target's."""
    return _ratio(of.cells.tn, of.cells.tn + of.cells.fn)


def f1(of: Sampled) -> np.ndarray:
    """Harmonic mean of sensitivity and PPV."""
    return _ratio(2 * of.cells.tp, 2 * of.cells.tp + of.cells.fp + of.cells.fn)


def auc(of: Sampled) -> np.ndarray:
    """Area under the ROC curve of a target's score against the rest."""
    return of.areas


# over all images: (draws,)


def accuracy(of: Sampled) -> np.ndarray:
    """Share of the images that got their diagnosis."""
    return of.sample.mean(of.right)


def balanced_accuracy(of: Sampled) -> np.ndarray:
    """Mean sensitivity of the diagnoses that the images have."""
    return mean_of_defined(of.of_diagnoses(sensitivity(of)))


def top2_accuracy(of: Sampled) -> np.ndarray:
    """Share of the images whose truth is among the two highest probabilities."""
    return top_accuracy(of, 2)


def top_accuracy(of: Sampled, k: int) -> np.ndarray:
    """Share of the images whose truth is among the `k` highest probabilities."""
    highest = np.argsort(-of.probabilities, axis=1, kind="stable")[:, :k]
    return of.sample.mean((np.array(of.classes, dtype=object)[highest] == of.truth[:, None]).any(axis=1))


def macro_auc(of: Sampled) -> np.ndarray:
    """Mean AUC of the diagnoses where it is defined, each against the rest."""
    return mean_of_defined(of.of_diagnoses(of.areas))


def majority_accuracy(of: Sampled) -> np.ndarray:
    """Share of the images that always answering training's most frequent diagnosis gets right."""
    if of.majority is None:
        return of.sample.mean(np.full(len(of.truth), np.nan))
    return of.sample.mean(of.truth == of.majority)


def melanoma_auc(of: Sampled) -> np.ndarray:
    """AUC of melanoma against the rest."""
    return of.of_diagnosis(of.areas, MELANOMA)


def melanoma_sensitivity(of: Sampled) -> np.ndarray:
    """Share of the melanoma images that were called melanoma."""
    return of.of_diagnosis(sensitivity(of), MELANOMA)


def nevi_called_melanoma(of: Sampled) -> np.ndarray:
    """Share of the nevus images that were called melanoma."""
    nevus = of.truth == NEVUS
    called = nevus & (of.predictions["predicted"] == MELANOMA).to_numpy()
    return _ratio(of.sample.sums(called[:, None])[:, 0], of.sample.sums(nevus[:, None])[:, 0])


def calibration_error(of: Sampled, bins: int = BINS) -> np.ndarray:
    """Expected calibration error, 0..1: the mean over images of |share right - mean confidence| of their bin of equal
    width (Guo et al. 2017, arXiv:1706.04599)."""
    confidence, right = confidence_and_right(of.predictions)
    in_bin = bin_of(confidence, bins)[:, None] == np.arange(bins)
    gaps = of.sample.sums(in_bin * (right - confidence)[:, None])
    return _ratio(np.abs(gaps).sum(axis=1), of.sample.sums(in_bin).sum(axis=1))


def brier_score(of: Sampled) -> np.ndarray:
    """Mean squared distance between probabilities and truth, 0 (best) to 2 (Brier 1950, Mon. Weather Rev. 78:1)."""
    truth = np.eye(len(of.classes))[class_indices(of.predictions["truth"], of.classes)]
    return of.sample.mean(((of.probabilities - truth) ** 2).sum(axis=1))


def bin_of(probabilities: np.ndarray, bins: int = BINS) -> np.ndarray:
    """(images,) the bin 0..bins-1 of equal width that holds each probability: bounds belong to the bin below."""
    return np.clip(np.ceil(np.asarray(probabilities) * bins).astype(np.int64) - 1, 0, bins - 1)
