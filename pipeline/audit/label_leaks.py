"""What the metadata alone gives away: how well one column predicts the diagnosis without any image."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.tables import described

LEAK_FACTORS = ("dx_type", "source")
_FOLDS = 5


def _fold_of(lesion_id: pd.Series, seed: int) -> np.ndarray:
    """A fold 0..4 for each image; all images of a lesion in the same."""
    lesion, lesions = pd.factorize(lesion_id)
    return (np.random.default_rng(seed).permutation(len(lesions)) % _FOLDS)[lesion]


def _answers(counts: pd.DataFrame, values: pd.Series) -> np.ndarray:
    """The column with the most in the row of each value; for a value without a row the largest column in all."""
    best = counts.idxmax(axis=1).astype(object)
    return values.astype(object).map(best).fillna(counts.sum().idxmax()).to_numpy(dtype=object)


def _balanced(truth: np.ndarray, answer: np.ndarray) -> float:
    return float(pd.Series(truth == answer).groupby(truth).mean().mean())


def cramers_v(table: pd.DataFrame) -> float:
    """Cramér's V (1946) of a table of counts, 0..1; NaN where it has a single row or column."""
    from scipy.stats.contingency import association

    table = table.loc[table.sum(axis=1) > 0, table.sum() > 0]
    return float(association(table.to_numpy(), method="cramer")) if min(table.shape) > 1 else float("nan")


def label_leak(metadata: pd.DataFrame, factor: str, seed: int = 0) -> dict[str, Any]:
    """How well `factor` alone predicts the diagnosis, by five-fold cross-validation that keeps lesions together.

    Two rules are tried: each value stands for its most frequent diagnosis; and, all diagnoses weighed alike, for the
    one with the largest share of its own images there.

    Args:
        metadata: a data set's table.
        factor: "dx_type" or "source"; images without it count as a value of their own.

    Returns:
        factor; recorded: images that have it; values: how many different ones; accuracy and balanced_accuracy of the
        first rule, weighed_balanced_accuracy of the second; majority_accuracy of always the most frequent diagnosis,
        chance_balanced_accuracy of it, which is 1 / diagnoses; cramers_v.
    """
    rows = described(metadata)
    truth, values = rows["dx"].to_numpy(dtype=object), rows[factor].astype(object)
    recorded = metadata[factor].notna() & (metadata[factor].astype("str") != "")
    fold = _fold_of(rows["lesion_id"].astype(object), seed)
    frequent, weighed, majority = (np.empty(len(rows), dtype=object) for _ in range(3))
    for number in range(_FOLDS):
        train, held_out = fold != number, fold == number
        counts = pd.crosstab(values[train], truth[train])
        frequent[held_out] = _answers(counts, values[held_out])
        weighed[held_out] = _answers(counts / counts.sum(), values[held_out])
        majority[held_out] = counts.sum().idxmax()
    table = pd.crosstab(values[recorded.to_numpy()], truth[recorded.to_numpy()])
    return {
        "factor": factor, "recorded": int(recorded.sum()), "values": len(table),
        "accuracy": float((frequent == truth).mean()), "balanced_accuracy": _balanced(truth, frequent),
        "weighed_balanced_accuracy": _balanced(truth, weighed),
        "majority_accuracy": float((majority == truth).mean()), "chance_balanced_accuracy": 1 / len(set(truth)),
        "cramers_v": cramers_v(table) if len(table) else float("nan"),
    }
