"""Signal detection: how well malignant and benign are told apart, and which way somebody leans.

A hit is a malignant lesion that was called so, a false alarm a benign one that was. d′ is the distance of the two in
standard deviations of the evidence, 0 for guessing; the criterion c is 0 where misses and false alarms are as likely,
above it where "malignant" is said reluctantly (Macmillan & Creelman 2005, Detection Theory, chapters 1 and 2). So that
neither is infinite, 0.5 is added to hits and false alarms and 1 to the lesions of each kind (the log-linear correction,
Hautus 1995, Behav. Res. Methods Instrum. Comput. 27:46).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from pipeline.vocabulary import SURENESS, Sureness

RATINGS = 2 * len(SURENESS)


class Counts(NamedTuple):
    """(draws,) each: malignant lesions, those called so, benign lesions, and those called malignant."""

    hits: np.ndarray
    malignant: np.ndarray
    false_alarms: np.ndarray
    benign: np.ndarray


def corrected_rates(counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """(draws,) hit rates and false-alarm rates with the log-linear correction; NaN without lesions of both kinds."""
    both = (counts.malignant > 0) & (counts.benign > 0)
    hit_rate = np.where(both, (counts.hits + 0.5) / (counts.malignant + 1), np.nan)
    return hit_rate, np.where(both, (counts.false_alarms + 0.5) / (counts.benign + 1), np.nan)


def d_prime(counts: Counts) -> np.ndarray:
    """(draws,) d′ = z(hit rate) − z(false-alarm rate); NaN without lesions of both kinds."""
    hit_rate, false_alarm_rate = corrected_rates(counts)
    return ndtri(hit_rate) - ndtri(false_alarm_rate)


def criterion(counts: Counts) -> np.ndarray:
    """(draws,) c = −(z(hit rate) + z(false-alarm rate)) / 2; NaN without lesions of both kinds."""
    hit_rate, false_alarm_rate = corrected_rates(counts)
    return -(ndtri(hit_rate) + ndtri(false_alarm_rate)) / 2


def rating(flagged: bool, sure: Sureness) -> int:
    """An answer of two as one of RATINGS steps: 1, surely benign, to 6, surely malignant."""
    degree = SURENESS.index(sure)
    return len(SURENESS) + 1 + degree if flagged else len(SURENESS) - degree


def rating_auc(malignant: np.ndarray, benign: np.ndarray) -> np.ndarray:
    """(draws,) the area under the ROC curve of the ratings: how often a malignant lesion is rated above a benign one,
    ties counting half (the Mann-Whitney estimate, Hanley & McNeil 1982, Radiology 143:29).

    Args:
        malignant, benign: (draws, RATINGS) how many lesions of each kind were given each rating, the lowest first.
    """
    below = np.cumsum(benign, axis=1) - benign
    with np.errstate(invalid="ignore", divide="ignore"):
        return (malignant * (below + benign / 2)).sum(axis=1) / (malignant.sum(axis=1) * benign.sum(axis=1))
