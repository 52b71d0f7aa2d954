"""What every metric is a function of: a table of predictions, and how often each of its images counts.

A target, a diagnosis or a group of them, is positive where the truth is among its codes, and flagged where the answer
is; its score is the sum of their probabilities.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.classes import DIAGNOSES, label, malignant, malignant_or_precursor
from pipeline.metrics.predictions_table import classes_of, probabilities_of
from pipeline.metrics.samples import EachOnce, Sample

MALIGNANT, MALIGNANT_OR_PRECURSOR = "malignant", "malignant-or-precursor"
_GROUPS = {
    MALIGNANT: ("Malignant", malignant),
    MALIGNANT_OR_PRECURSOR: ("Malignant or in situ/precursor", malignant_or_precursor),
}


def targets(classes: list[str]) -> dict[str, tuple[str, ...]]:
    """For each target the codes that count as positive: the diagnoses in their order, then the groups.

    A group is left out where it has fewer than two of `classes`, or the same ones as the group before it.
    """
    found: dict[str, tuple[str, ...]] = {code: (code,) for code in classes}
    known = [code for code in classes if code in DIAGNOSES]
    for name, (_, members) in _GROUPS.items():
        codes = tuple(members(known))
        if len(codes) > 1 and codes not in found.values():
            found[name] = codes
    return found


def target_label(target: str, codes: tuple[str, ...]) -> str:
    """ "Melanoma · mel", or "Malignant (bcc, mel)"."""
    is_group = target in _GROUPS and codes != (target,)  # a data set of two classes has a diagnosis of that name
    return f"{_GROUPS[target][0]} ({', '.join(codes)})" if is_group else label(target)


class Cells(NamedTuple):
    """(draws, targets) how many images are true and false positives, false and true negatives."""

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray


class Sampled:
    """The predictions of some images under a sample; everything is computed when a metric first asks for it.

    Attributes:
        predictions: one row an image; see `predictions_table`.
        sample: how often each image counts.
        classes: the codes that have a probability, in alphabetical order.
        diagnoses: those, and the truths that have none.
        targets: for each target the codes that count as positive: each of `diagnoses`, then the groups.
        majority: the most frequent diagnosis of training; None where it is not known.
        truth: (images,) codes.
        probabilities: (images, classes).
    """

    def __init__(
        self, predictions: pd.DataFrame, sample: Sample, groups: Mapping[str, tuple[str, ...]] | None = None,
        majority: str | None = None,
    ) -> None:
        """
        Raises:
            DataError: columns are missing.
        """
        self.predictions, self.sample, self.majority = predictions, sample, majority
        self.classes = classes_of(predictions, ("truth",))
        self.truth = predictions["truth"].to_numpy(dtype=object)
        self.diagnoses = [*self.classes, *sorted(set(self.truth) - set(self.classes))]
        self.targets = {**{code: (code,) for code in self.diagnoses}, **(groups or {})}
        self.probabilities = probabilities_of(predictions, self.classes)

    @cached_property
    def right(self) -> np.ndarray:
        """(images,) whether the answer is the truth."""
        return self.truth == self.predictions["predicted"].to_numpy(dtype=object)

    @cached_property
    def positive(self) -> np.ndarray:
        """(images, targets) whether the truth is one of the target's codes."""
        return np.column_stack([self.predictions["truth"].isin(codes) for codes in self.targets.values()])

    @cached_property
    def flagged(self) -> np.ndarray:
        """(images, targets) whether the answer is one of the target's codes."""
        return np.column_stack([self.predictions["predicted"].isin(codes) for codes in self.targets.values()])

    @cached_property
    def cells(self) -> Cells:
        """What is counted of each target."""
        positive, flagged = self.positive, self.flagged
        return Cells(*map(self.sample.sums, (positive & flagged, ~positive & flagged, positive & ~flagged,
                                             ~positive & ~flagged)))

    @cached_property
    def areas(self) -> np.ndarray:
        """(draws, targets) areas under the ROC curve of each target's score; NaN for one without an output."""
        inside = [np.isin(self.classes, codes) for codes in self.targets.values()]
        known = [place for place, of in enumerate(inside) if of.any()]
        scores = np.column_stack([self.probabilities[:, inside[place]].sum(axis=1) for place in known])
        found = self.sample.areas(self.positive[:, known], scores)
        areas = np.full((len(found), len(inside)), np.nan)
        areas[:, known] = found
        return areas

    def of_diagnoses(self, values: np.ndarray) -> np.ndarray:
        """(draws, diagnoses) of (draws, targets)."""
        return values[:, : len(self.diagnoses)]

    def of_diagnosis(self, values: np.ndarray, code: str) -> np.ndarray:
        """(draws,) of (draws, targets); NaN where nothing has to do with that diagnosis."""
        if code not in self.diagnoses:
            return np.full(len(values), np.nan)
        return values[:, self.diagnoses.index(code)]


def figure_of(function: Callable[[Sampled], np.ndarray], predictions: pd.DataFrame) -> float:
    """What a metric over all images is on a table of predictions, each image counted once; NaN where undefined.

    Raises:
        DataError: columns are missing.
    """
    return float(function(Sampled(predictions, EachOnce()))[0])
