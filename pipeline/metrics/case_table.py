"""Judged images with what the metadata says of them: the table that the filters of Errors choose from, and its order.

Reads tables only; needs neither images nor torch.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.data.tables import Factor, described
from pipeline.metrics.lesion_answers import lesion_means
from pipeline.metrics.predictions_table import classes_of, probabilities_of, probability_columns

Order = Literal["loss", "loss-up", "confidence", "confidence-up", "truth", "image"]
Range = tuple[float, float]

METADATA_FACTORS: tuple[Factor, ...] = ("age", "sex", "localization", "dx_type", "source", "fitzpatrick")
ORDERS: dict[Order, tuple[list[str], list[bool]]] = {
    "loss": (["loss", "image_id"], [False, True]),
    "loss-up": (["loss", "image_id"], [True, True]),
    "confidence": (["confidence", "image_id"], [False, True]),
    "confidence-up": (["confidence", "image_id"], [True, True]),
    "truth": (["truth", "predicted", "loss", "image_id"], [True, True, False, True]),
    "image": (["image_id"], [True]),
}
PROBABILITY = 1.0  # the highest there is


def case_table(predictions: pd.DataFrame, metadata: pd.DataFrame | None) -> pd.DataFrame:
    """The predictions, indexed by image_id, with `confidence` (highest probability, 0..1), `right` (bool), and the
    METADATA_FACTORS of `pipeline.data.tables.described` where the data set's `metadata` is given.

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
    known = described(metadata).set_index("image_id")[list(METADATA_FACTORS)]
    return table.join(known.astype(object).reindex(table.index))


def lesion_output(cases: pd.DataFrame, codes: Sequence[str]) -> pd.Series:
    """Summed probability of the diagnoses `codes`, averaged over the images of each image's lesion, 0..1: exactly the
    score of `operating_point.lesion_scores`.
    """
    means = lesion_means(cases).set_index("lesion_id")
    return cases["lesion_id"].map(means[probability_columns(codes)].sum(axis=1).clip(upper=1.0))


def lesion_call(cases: pd.DataFrame) -> pd.Series:
    """What each image's lesion is called by the mean of its images' probabilities."""
    return cases["lesion_id"].map(lesion_means(cases).set_index("lesion_id")["predicted"])


def own_output(cases: pd.DataFrame, codes: Sequence[str]) -> pd.Series:
    """Summed probability of the diagnoses `codes` for each image, 0..1."""
    return cases[probability_columns(codes)].astype(np.float64).sum(axis=1)


def within(values: pd.Series, bounds: Range, top: float = math.inf) -> np.ndarray:
    """Whether low <= value < high, so that neighbouring ranges share nothing; a high of `top` keeps `top` too."""
    low, high = bounds
    numbers = values.to_numpy(dtype=np.float64)
    return (numbers >= low) & ((numbers < high) | (high >= top))


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
