"""Answering only when sure: what is left of the accuracy, and of the melanomas, where the least sure lesions get none.

Each lesion counts once, with the mean of its images' probabilities; the higher the highest of them, the surer.
"""

import numpy as np
import pandas as pd

from pipeline.classes import MELANOMA
from pipeline.metrics.lesion_answers import lesion_means
from pipeline.metrics.predictions_table import classes_of, probabilities_of
from pipeline.metrics.wilson import wilson_interval

STEPS = 50  # of the share that is answered


def surest_lesions(predictions: pd.DataFrame, steps: int = STEPS) -> pd.DataFrame:
    """What answering the surest share of the lesions alone does, for shares of 1 / steps to 1.

    Args:
        predictions: a row a held-out image, as one decision sees them.

    Returns:
        A row a share: share (0..1), lesions (answered), confidence (the lowest of theirs, 0..1), right, right_low,
        right_high (share of them with the right answer); melanomas (how many there are in all), answered (how many of
        these are answered), named (how many of these are called melanoma), left, left_low, left_high (answered /
        melanomas). Intervals are Wilson's, 95 %, for lesions. NaN for left where there is no melanoma; no row without
        lesions.

    Raises:
        DataError: columns are missing.
    """
    means = lesion_means(predictions)
    confidence = probabilities_of(means, classes_of(predictions)).max(axis=1) if len(means) else np.empty(0)
    order = np.argsort(-confidence, kind="stable")
    truth, predicted = (means[column].to_numpy(dtype=object)[order] for column in ("truth", "predicted"))
    melanoma = truth == MELANOMA
    right, answered = np.cumsum(truth == predicted), np.cumsum(melanoma)
    named = np.cumsum(melanoma & (predicted == MELANOMA))
    rows = []
    for step in range(1, steps + 1):
        n = round(len(means) * step / steps)
        if not n:
            continue
        last, all_melanomas = n - 1, int(melanoma.sum())
        rows.append({
            "share": step / steps, "lesions": n, "confidence": confidence[order][last],
            **_share("right", int(right[last]), n), "melanomas": all_melanomas, "answered": int(answered[last]),
            "named": int(named[last]), **_share("left", int(answered[last]), all_melanomas),
        })
    return pd.DataFrame(rows, columns=[
        "share", "lesions", "confidence", "right", "right_low", "right_high", "melanomas", "answered", "named", "left",
        "left_low", "left_high",
    ])


def _share(name: str, k: int, n: int) -> dict[str, float]:
    low, high = wilson_interval(k, n)
    return {name: k / n if n else np.nan, f"{name}_low": low, f"{name}_high": high}
