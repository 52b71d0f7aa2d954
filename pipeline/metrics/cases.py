"""Judged images with what the metadata says of them, and those that a filter leaves.

Reads tables only; needs neither images nor torch.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.data.tables import described
from pipeline.metrics.held_out import classes_of, probabilities_of
from pipeline.metrics.lesion_means import lesion_means

Order = Literal["loss", "loss-up", "confidence", "confidence-up", "truth", "image"]
Range = tuple[float, float]

METADATA_LEVELS = ("age", "sex", "localization", "dx_type", "source")
LEVELS = ("part", "truth", "predicted", *METADATA_LEVELS)
ORDERS: dict[Order, tuple[list[str], list[bool]]] = {
    "loss": (["loss", "image_id"], [False, True]),
    "loss-up": (["loss", "image_id"], [True, True]),
    "confidence": (["confidence", "image_id"], [False, True]),
    "confidence-up": (["confidence", "image_id"], [True, True]),
    "truth": (["truth", "predicted", "loss", "image_id"], [True, True, False, True]),
    "image": (["image_id"], [True]),
}
_TOP = 1.0  # of a probability


@dataclass(frozen=True)
class CaseFilter:
    """What to keep; everything that is left empty keeps all.

    A range (low, high) keeps low <= value < high, so that neighbouring ranges share nothing; a probability's high of 1
    keeps 1 too.

    Attributes:
        levels: allowed levels of each of LEVELS.
        right: only right or only wrong predictions.
        confidence: range of the highest probability, 0..1.
        loss: range of the loss; high may be infinite.
        output: diagnoses; share, own: ranges of their summed probability, 0..1, averaged over the lesion's images, and
            of the image itself.
        called: diagnoses; what the lesion is called by the mean of its images' probabilities must be one of them.
        among: image ids; an image must be in every one of these.
    """

    levels: Mapping[str, Collection[str]] = field(default_factory=dict)
    right: bool | None = None
    confidence: Range | None = None
    loss: Range | None = None
    output: tuple[str, ...] = ()
    share: Range | None = None
    own: Range | None = None
    called: tuple[str, ...] = ()
    among: Sequence[Collection[str]] = ()


def case_table(predictions: pd.DataFrame, metadata: pd.DataFrame | None) -> pd.DataFrame:
    """The predictions, indexed by image_id, with `confidence` (highest probability, 0..1), `right` (bool), and the
    METADATA_LEVELS of `pipeline.data.tables.described` where the data set's `metadata` is given.

    Raises:
        DataError: the predictions lack columns.
    """
    probabilities = probabilities_of(predictions, classes_of(predictions))
    table = predictions.assign(
        confidence=probabilities.max(axis=1) if len(predictions) else 0.0,
        right=(predictions["truth"] == predictions["predicted"]).to_numpy(dtype=bool),
    ).set_index("image_id", drop=False)
    table.index.name = None
    if metadata is None:
        return table
    known = described(metadata).set_index("image_id")[list(METADATA_LEVELS)]
    return table.join(known.astype(object).reindex(table.index))


def lesion_output(cases: pd.DataFrame, codes: Sequence[str]) -> pd.Series:
    """Summed probability of the diagnoses `codes`, averaged over the images of each image's lesion, 0..1: exactly the
    score of `operating_point.lesion_scores`.
    """
    means = lesion_means(cases).set_index("lesion_id")
    return cases["lesion_id"].map(means[[f"p_{code}" for code in codes]].sum(axis=1).clip(upper=1.0))


def lesion_call(cases: pd.DataFrame) -> pd.Series:
    """What each image's lesion is called by the mean of its images' probabilities."""
    return cases["lesion_id"].map(lesion_means(cases).set_index("lesion_id")["predicted"])


def own_output(cases: pd.DataFrame, codes: Sequence[str]) -> pd.Series:
    """Summed probability of the diagnoses `codes` for each image, 0..1."""
    return cases[[f"p_{code}" for code in codes]].astype(np.float64).sum(axis=1)


def _within(values: pd.Series, bounds: Range, top: float = math.inf) -> np.ndarray:
    low, high = bounds
    numbers = values.to_numpy(dtype=np.float64)
    return (numbers >= low) & ((numbers < high) | (high >= top))


def filtered_cases(cases: pd.DataFrame, chosen: CaseFilter) -> pd.DataFrame:
    """Those of `cases` (see `case_table`) that `chosen` keeps, in the same order."""
    keep = np.ones(len(cases), dtype=bool)
    for column, allowed in chosen.levels.items():
        keep &= cases[column].isin(list(allowed)).to_numpy(dtype=bool)
    if chosen.right is not None:
        keep &= cases["right"].to_numpy() == chosen.right
    if chosen.confidence:
        keep &= _within(cases["confidence"], chosen.confidence, _TOP)
    if chosen.loss:
        keep &= _within(cases["loss"], chosen.loss)
    if chosen.output and chosen.share:
        keep &= _within(lesion_output(cases, chosen.output), chosen.share, _TOP)
    if chosen.output and chosen.own:
        keep &= _within(own_output(cases, chosen.output), chosen.own, _TOP)
    if chosen.called:
        keep &= lesion_call(cases).isin(chosen.called).to_numpy(dtype=bool)
    for images in chosen.among:
        keep &= cases.index.isin(list(images))
    return cases[keep]


def in_order(cases: pd.DataFrame, order: Order) -> pd.DataFrame:
    """`cases` sorted; what is equal goes by image_id, so that a page shows the same images again."""
    columns, ascending = ORDERS[order]
    return cases.sort_values(columns, ascending=ascending, kind="stable")


def disagreeing(cases: pd.DataFrame, others: Sequence[pd.Series]) -> set[str]:
    """The images that all judged and on which not all say the same.

    Args:
        others: for each other model its predicted code by image_id.
    """
    shared = cases.index
    for told in others:
        shared = shared.intersection(told.index)
    here = cases.loc[shared, "predicted"].to_numpy(dtype=object)
    differ = np.zeros(len(shared), dtype=bool)
    for told in others:
        differ |= told.astype(object).loc[shared].to_numpy() != here
    return set(shared[differ])
