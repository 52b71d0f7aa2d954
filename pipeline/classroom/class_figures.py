"""What a seat or a class answered, in figures: on malignant, in situ or precursor against benign, over the diagnoses,
and by how sure it was.

A figure of too few answers is undefined: a share of malignant or benign lesions before there are ten of each, d′, c and
AUC before a seat answered 30 items or a class of eight some.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.classes import DIAGNOSES
from pipeline.classroom.answers import LEAST_SEATS_SHOWN
from pipeline.classroom.class_bootstrap import RESAMPLES, ClassSample, Estimate, undefined
from pipeline.classroom.signal_detection import RATINGS, Counts, criterion, d_prime, rating, rating_auc
from pipeline.metrics.samples import mean_of_defined
from pipeline.vocabulary import SURENESS, Stage, Sureness

LEAST_OF_EACH = 10  # malignant and benign answers, for a share of either; answers, for any other share
LEAST_ITEMS = 30  # of a seat alone, for d′, c and AUC
MALIGNANT_GROUPS = ("malignant", "in situ or precursor")
_TWO_WAY = {"malignant", "benign"}


@dataclass(frozen=True)
class Dichotomy:
    """How malignant, in situ or precursor was told from benign.

    Attributes:
        sensitivity, specificity: shares of the malignant and of the benign answers that were right, 0..1.
        d_prime, criterion: see `signal_detection`.
        auc: from the answer and how sure it was, 0..1; where two answers were asked for alone.
    """

    sensitivity: Estimate
    specificity: Estimate
    d_prime: Estimate
    criterion: Estimate
    auc: Estimate


@dataclass(frozen=True)
class ClassFigures:
    """Figures of the answers at one stage.

    Attributes:
        seats, items, answers: how many are in them; a picture that was unrecognisable to a seat has no answer.
        right: share of right answers, 0..1.
        balanced_accuracy: mean over the right answers that there are (diagnoses, or malignant and benign) of the share
            that was given.
        dichotomy: with every item; without_precursors: without those in situ or precursor (actinic keratosis, Bowen's
            disease).
        right_when: share right by how sure the seat was, the least sure first.
    """

    seats: int
    items: int
    answers: int
    right: Estimate
    balanced_accuracy: Estimate
    dichotomy: Dichotomy
    without_precursors: Dichotomy
    right_when: dict[Sureness, Estimate]


def group_of(codes: pd.Series) -> np.ndarray:
    """(answers,) "malignant", "in situ or precursor", "benign" or "unknown" of each diagnosis or half of the dichotomy;
    of a code that is not known here, and of None, "unknown".
    """
    return np.array([DIAGNOSES[code].group if code in DIAGNOSES else "unknown" for code in codes], dtype=object)


def given_at(table: pd.DataFrame, stage: Stage) -> pd.DataFrame:
    """The rows of `answers` at a stage that have an answer."""
    return table[(table["stage"] == stage) & table["answer"].notna()].reset_index(drop=True)


def class_sample(table: pd.DataFrame, seed: int, resamples: int = RESAMPLES) -> ClassSample:
    """Draws of the seats and lesions of some rows of `answers`, malignant and benign ones apart."""
    return ClassSample(table["seat"], table["lesion_id"], group_of(table["dx"]) == "benign", resamples, seed)


def class_figures(table: pd.DataFrame, stage: Stage, seed: int, resamples: int = RESAMPLES) -> ClassFigures:
    """The figures of a seat or a class at a stage.

    Args:
        table: rows of `answers`, of one seat or of all, of a rehearsal or not: who asks chooses.
        seed: of the resamples; equal seeds give equal intervals.
    """
    given = given_at(table, stage)
    sample = class_sample(given, seed, resamples)
    right = (given["answer"] == given["asked"]).to_numpy(dtype=bool)
    everything = np.ones(len(given), dtype=bool)
    precursor = group_of(given["dx"]) == "in situ or precursor"
    sure = given["sure"].to_numpy(dtype=object)
    return ClassFigures(
        sample.seats, sample.items, sample.answers, sample.share(right, everything, LEAST_OF_EACH),
        _balanced_accuracy(sample, given, right), _dichotomy(sample, given, everything),
        _dichotomy(sample, given, ~precursor),
        {degree: sample.share(right, sure == degree, LEAST_OF_EACH) for degree in SURENESS},
    )


def _balanced_accuracy(sample: ClassSample, given: pd.DataFrame, right: np.ndarray) -> Estimate:
    asked = given["asked"].to_numpy(dtype=object)
    kinds = sorted(set(asked))
    if len(given) < LEAST_OF_EACH or len(kinds) < 2:
        return undefined(len(given))
    of_each = np.column_stack([asked == kind for kind in kinds])

    def balanced(sums: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return mean_of_defined(sums[:, : len(kinds)] / sums[:, len(kinds) :])

    return sample.estimate(balanced, np.column_stack([of_each & right[:, None], of_each]), len(given))


def _dichotomy(sample: ClassSample, given: pd.DataFrame, inside: np.ndarray) -> Dichotomy:
    truth, said = group_of(given["dx"]), group_of(given["answer"])
    known = inside & (truth != "unknown") & (said != "unknown")
    malignant, benign = known & (truth != "benign"), known & (truth == "benign")
    flagged = said != "benign"
    n, enough = int(known.sum()), min(malignant.sum(), benign.sum()) >= LEAST_OF_EACH
    least = LEAST_OF_EACH if enough else n + 1
    detected = enough and (sample.seats >= LEAST_SEATS_SHOWN or given.loc[known, "lesion_id"].nunique() >= LEAST_ITEMS)
    cells = np.column_stack([flagged & malignant, malignant, flagged & benign, benign])
    ratings = _ratings(given, flagged)
    two_way = set(given["answer"]) <= _TWO_WAY and not (known & (ratings == 0)).any()
    steps = np.column_stack([ratings == step for step in range(1, RATINGS + 1)])
    of_each = np.column_stack([steps & malignant[:, None], steps & benign[:, None]])
    return Dichotomy(
        sample.share(flagged, malignant, least), sample.share(~flagged, benign, least),
        sample.estimate(lambda sums: d_prime(Counts(*sums.T)), cells, n) if detected else undefined(n),
        sample.estimate(lambda sums: criterion(Counts(*sums.T)), cells, n) if detected else undefined(n),
        sample.estimate(lambda sums: rating_auc(sums[:, :RATINGS], sums[:, RATINGS:]), of_each, n)
        if detected and two_way else undefined(n),
    )


def _ratings(given: pd.DataFrame, flagged: np.ndarray) -> np.ndarray:
    """(answers,) each as a rating; 0 where it was not said how sure it is."""
    pairs = zip(flagged, given["sure"], strict=True)
    return np.array([rating(bool(one), sure) if sure in SURENESS else 0 for one, sure in pairs], dtype=int)
