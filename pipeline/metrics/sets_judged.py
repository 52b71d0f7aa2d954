"""How often a model's prediction sets hold the diagnosis of lesions that it neither learnt from nor ranks among."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.metrics.conformal import MISS, HeldOutScores, in_set, p_values
from pipeline.metrics.predictions_table import class_indices
from pipeline.metrics.wilson import wilson_interval


def judged_sets(held_out: Sequence[HeldOutScores], probabilities: np.ndarray, images: pd.DataFrame) -> dict[str, Any]:
    """Figures of the sets of a cross-validation's networks on other lesions, of which each counts once.

    Args:
        held_out: for each network the scores of the lesions that it left out.
        probabilities: (networks, images, diagnoses) of the images that judge.
        images: a row an image, with lesion_id and truth.

    Returns:
        level (0..1); all, and per_diagnosis by code, of the diagnoses that an image shows: lesions; coverage, the share
        (0..1) whose set holds their diagnosis, with its 95 % Wilson interval, where images of a lesion share its
        weight; size, the mean number of diagnoses in a set; alone, the share (0..1) of sets of one. NaN for the
        coverage of a diagnosis with too few held-out lesions, which `all` leaves out.

    Raises:
        DataError: a truth is none of the diagnoses.
    """
    classes = held_out[0].classes
    truths = class_indices(images["truth"], classes)
    p = p_values(held_out, probabilities)
    inside, each = in_set(p), np.arange(len(truths))
    weights = 1 / images.groupby(["lesion_id", "truth"])["truth"].transform("size").to_numpy(dtype=np.float64)
    judged = pd.DataFrame({
        "truth": images["truth"].to_numpy(dtype=object), "weight": weights, "size": inside.sum(axis=1),
        "covered": np.where(np.isnan(p[each, truths]), np.nan, inside[each, truths]),
    })
    return {
        "level": 1 - MISS, "all": _figures(judged),
        "per_diagnosis": {str(code): _figures(rows) for code, rows in judged.groupby("truth")},
    }


def _figures(judged: pd.DataFrame) -> dict[str, Any]:
    known = judged[judged["covered"].notna()]
    lesions = float(known["weight"].sum())
    covered = float((known["covered"] * known["weight"]).sum())
    sizes, weights = judged["size"].to_numpy(dtype=np.float64), judged["weight"].to_numpy()
    return {
        "lesions": round(float(weights.sum())),
        "coverage": [covered / lesions if lesions else np.nan, *wilson_interval(covered, lesions)],
        "size": float(np.average(sizes, weights=weights)), "alone": float(np.average(sizes == 1, weights=weights)),
    }
