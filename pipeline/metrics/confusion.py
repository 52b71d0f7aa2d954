"""Which diagnosis is taken for which: counts, shares, the pairs most often confused, and the worst losses."""

from typing import NamedTuple

import numpy as np
import pandas as pd


class ConfusedPair(NamedTuple):
    """`images` of the diagnosis `truth` that were called `predicted`, and their `share` (0..1) of truth's images."""

    truth: str
    predicted: str
    images: int
    share: float


def confusion_matrix(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Image counts: a row for each true diagnosis, a column for each predicted one, both in the order of `classes`."""
    counts = pd.crosstab(predictions["truth"], predictions["predicted"])
    counts = counts.reindex(index=classes, columns=classes, fill_value=0).astype(np.int64)
    return counts.rename_axis(index="truth", columns="predicted")


def row_shares(matrix: pd.DataFrame) -> pd.DataFrame:
    """`matrix` as shares (0..1) of each true diagnosis; NaN in the row of one that has no image."""
    totals = matrix.sum(axis=1)
    return matrix.div(totals.where(totals > 0), axis=0)


def most_confused(predictions: pd.DataFrame, classes: list[str], n: int) -> list[ConfusedPair]:
    """At most `n` pairs of different diagnoses, those with most images first, then those with the larger share."""
    matrix = confusion_matrix(predictions, classes)
    shares = row_shares(matrix)
    pairs = [
        ConfusedPair(truth, predicted, int(matrix.at[truth, predicted]), float(shares.at[truth, predicted]))
        for truth in classes
        for predicted in classes
        if truth != predicted and matrix.at[truth, predicted]
    ]
    return sorted(pairs, key=lambda pair: (-pair.images, -pair.share, pair.truth, pair.predicted))[:n]


def confused_either_way(predictions: pd.DataFrame, classes: list[str]) -> list[tuple[str, str]]:
    """Pairs of different diagnoses, alphabetical in themselves, of which one was called the other; the most first."""
    images: dict[tuple[str, str], int] = {}
    for pair in most_confused(predictions, classes, len(classes) ** 2):
        both = min(pair.truth, pair.predicted), max(pair.truth, pair.predicted)
        images[both] = images.get(both, 0) + pair.images
    return sorted(images, key=lambda both: (-images[both], both))


def cell(predictions: pd.DataFrame, truth: str, predicted: str) -> pd.DataFrame:
    """The images of one cell of the matrix, the largest loss first."""
    inside = (predictions["truth"] == truth) & (predictions["predicted"] == predicted)
    return top_losses(predictions[inside], int(inside.sum()))


def top_losses(predictions: pd.DataFrame, n: int) -> pd.DataFrame:
    """The `n` rows with the largest loss, largest first; equal losses in the order of image_id."""
    ordered = predictions.sort_values(["loss", "image_id"], ascending=[False, True], kind="stable")
    return ordered.head(n).reset_index(drop=True)
