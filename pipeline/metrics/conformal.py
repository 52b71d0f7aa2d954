"""Conformal prediction sets per diagnosis: which diagnoses a model does not separate, from lesions that it held out.

Mondrian conformal prediction (Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World): an image is as
odd for a diagnosis as 1 - p of it is high, and the diagnosis is in the set where more than MISS of the held-out lesions
that have it are at least as odd. Of each diagnosis at least 1 - MISS of new lesions are then in their own set, however
frequent it is and whatever the probabilities are worth, as long as new lesions are like the held-out ones.

The lesion is the unit and one image is asked about: each held-out lesion weighs one, shared among its images
(hierarchical conformal prediction: Lee, Barber & Willett 2023, arXiv:2306.06342). Of a cross-validation each network
ranks the image among the lesions that it left out, and the ranks are pooled (cross-conformal: Vovk 2015, Ann. Math.
Artif. Intell. 74:9); theory then promises 1 - 2 MISS alone (Barber et al. 2021, Ann. Stat. 49:486), practice 1 - MISS.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.metrics.predictions_table import class_indices, classes_of, probabilities_of

MISS = 0.1  # the share of lesions that may miss their own set
FEWEST = math.ceil(1 / MISS) - 1  # held-out lesions of a diagnosis; with fewer no image could ever leave it out
_ROUNDING = 1e-9  # of sums of shares of lesions


@dataclass(frozen=True)
class HeldOutScores:
    """How odd each held-out image is for its own diagnosis.

    Attributes:
        classes: the codes that the model chooses among, in the order of all probabilities.
        scores: (images,) 1 - probability of its own diagnosis, 0..1.
        truths: (images,) place of its diagnosis in `classes`.
        lesions: (images,) its lesion_id.
        weights: (images,) 1 / number of the images of its lesion, 0..1.
        folds: (images,) the fold whose network judged it; None: one network judged all, or which one is not told.
    """

    classes: list[str]
    scores: np.ndarray
    truths: np.ndarray
    lesions: np.ndarray
    weights: np.ndarray
    folds: np.ndarray | None

    @classmethod
    def of(cls, predictions: pd.DataFrame) -> "HeldOutScores":
        """Those of a table of predictions; `fold` may be among its columns. Images of a diagnosis that has no
        probability have no score, and are left out.

        Raises:
            DataError: columns are missing.
        """
        classes = classes_of(predictions, ("lesion_id", "truth"))
        known = predictions[predictions["truth"].isin(classes)]
        truths = class_indices(known["truth"], classes)
        of_truth = probabilities_of(known, classes)[np.arange(len(known)), truths]
        images = known.groupby(["lesion_id", "truth"])["truth"].transform("size").to_numpy(dtype=np.float64)
        folds = known["fold"].to_numpy() if "fold" in known else None
        return cls(classes, 1 - of_truth, truths, known["lesion_id"].to_numpy(dtype=object), 1 / images, folds)

    def only(self, rows: np.ndarray) -> "HeldOutScores":
        """Those of some images, (images,) bool; a lesion's weights stay, so that whole lesions must be taken."""
        folds = None if self.folds is None else self.folds[rows]
        return HeldOutScores(self.classes, self.scores[rows], self.truths[rows], self.lesions[rows], self.weights[rows],
                             folds)

    def without(self, lesion_id: str) -> "HeldOutScores":
        """Those of all other lesions: what one of these very lesions is ranked among."""
        return self.only(self.lesions != lesion_id)

    def counts(self) -> np.ndarray:
        """(diagnoses,) how many lesions each has; whole numbers as floats."""
        return np.round(np.bincount(self.truths, weights=self.weights, minlength=len(self.classes)))

    def as_odd(self, probabilities: np.ndarray, by_diagnosis: bool = True) -> np.ndarray:
        """(images, diagnoses) how many held-out lesions of each diagnosis are at least as odd as these images.

        Args:
            probabilities: (images, diagnoses) of the images that are asked about.
            by_diagnosis: False counts lesions of all diagnoses together instead.
        """
        oddness = 1 - probabilities.astype(np.float64)
        if not by_diagnosis:
            return _weight_above(self.scores, self.weights, oddness)
        found = np.empty(oddness.shape)
        for place in range(len(self.classes)):
            among = self.truths == place
            found[:, place] = _weight_above(self.scores[among], self.weights[among], oddness[:, place])
        return found


def _weight_above(scores: np.ndarray, weights: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The summed weight of the scores that are at least each of `asked`, in its shape."""
    order = np.argsort(scores)
    above = np.append(np.cumsum(weights[order][::-1])[::-1], 0.0)
    return above[np.searchsorted(scores[order], asked)]


def by_fold(scores: HeldOutScores, folds: int) -> list[HeldOutScores]:
    """For each fold the scores of the lesions that its network left out; they say the fold of each."""
    assert scores.folds is not None, "which network answered is not told"
    return [scores.only(scores.folds == fold) for fold in range(folds)]


def p_values(held_out: Sequence[HeldOutScores], probabilities: np.ndarray, by_diagnosis: bool = True) -> np.ndarray:
    """How well each diagnosis fits each image, as a share of the held-out lesions that have it.

    Args:
        held_out: for each network that answers the scores of the lesions that it left out.
        probabilities: (networks, images, diagnoses) of the images that are asked about.
        by_diagnosis: False ranks among the lesions of all diagnoses together, which promises nothing for any one.

    Returns:
        (images, diagnoses), 0..1: the share that is at least as odd, the asked image counted too. NaN for a diagnosis
        with fewer than FEWEST held-out lesions.
    """
    odd = np.sum([of.as_odd(own, by_diagnosis) for of, own in zip(held_out, probabilities, strict=True)], axis=0)
    lesions = np.sum([of.counts() for of in held_out], axis=0)
    if not by_diagnosis:
        lesions = np.full_like(lesions, lesions.sum())
    return np.where(lesions < FEWEST, np.nan, (odd + 1) / (lesions + 1))


def in_set(p: np.ndarray) -> np.ndarray:
    """Which diagnoses are in the sets of such `p_values`; False for one that is undefined."""
    return np.nan_to_num(p, nan=0.0) > MISS + _ROUNDING
