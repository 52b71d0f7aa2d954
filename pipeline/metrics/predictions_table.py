"""The table of predictions: a row a judged image, with its truth, its answer, and a probability for each diagnosis.

Its columns: part, image_id, lesion_id, truth and predicted (codes), p_<code> (0..1, each row summing to 1) for each
diagnosis that has an output, and loss (-log of the truth's probability). Nobody else spells the names of the p_ columns
or computes a loss of stored predictions.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.errors import DataError, WorkspaceError
from pipeline.files.disk import REPAIR

PREFIX = "p_"
NEEDED = ("image_id", "lesion_id", "truth", "predicted")
_ROUNDING = 1e-3  # of a sum of float32 probabilities
_SMALLEST = np.finfo(np.float32).tiny  # probability, so that no loss is infinite


def probability_column(code: str) -> str:
    return PREFIX + code


def probability_columns(codes: Iterable[str]) -> list[str]:
    return [PREFIX + code for code in codes]


def codes_in(predictions: pd.DataFrame) -> list[str]:
    """The codes that have a `p_<code>` column, in alphabetical order."""
    return sorted(column.removeprefix(PREFIX) for column in predictions.columns if column.startswith(PREFIX))


def classes_of(predictions: pd.DataFrame, needed: Sequence[str] = NEEDED) -> list[str]:
    """The diagnoses that the predictions choose among: `codes_in` a table that can be used.

    Raises:
        DataError: the table has no such column, or lacks one of `needed`.
    """
    missing = [column for column in needed if column not in predictions.columns]
    if missing:
        raise DataError(f"The predictions lack the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")
    codes = codes_in(predictions)
    if not codes:
        raise DataError("The predictions have no column p_<diagnosis> with probabilities.")
    return codes


def probabilities_of(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """(images, classes) float64 probabilities in the order of `classes`."""
    return predictions[probability_columns(classes)].to_numpy(dtype=np.float64)


def class_indices(truths: pd.Series, classes: Sequence[str]) -> np.ndarray:
    """(images,) int64 place of each truth in `classes`.

    Raises:
        DataError: one is none of them.
    """
    places = truths.map({code: i for i, code in enumerate(classes)})
    if places.isna().any():
        raise DataError(f"The predictions name {truths[places.isna()].iloc[0]} but have no probability for it.")
    return places.to_numpy(dtype=np.int64)


def with_probabilities(images: pd.DataFrame, classes: Sequence[str], probabilities: np.ndarray) -> pd.DataFrame:
    """`images` with these probabilities: p_<code>, and `predicted` and `loss` from them.

    Args:
        images: a row an image, with truth; what it has of these columns is replaced.
        probabilities: (images, diagnoses) in the order of `classes`.

    Raises:
        DataError: a truth is none of `classes`.
    """
    truths = class_indices(images["truth"], classes)
    of_truth = probabilities[np.arange(len(truths)), truths]
    return images.assign(
        predicted=highest(classes, probabilities),
        **{probability_column(code): probabilities[:, i].astype(np.float32) for i, code in enumerate(classes)},
        loss=-np.log(np.maximum(of_truth, _SMALLEST)).astype(np.float32),
    )


def highest(classes: Sequence[str], probabilities: np.ndarray) -> np.ndarray:
    """(images,) the code of the highest of each row of probabilities; of equal ones the first."""
    places = probabilities.argmax(axis=1) if len(probabilities) else np.empty(0, dtype=int)
    return np.array(classes, dtype=object)[places]


def confidence_and_right(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(images,) highest probability of each image, 0..1, and whether that answer is right (bool).

    Raises:
        DataError: columns are missing, or a truth has no probability.
    """
    classes = classes_of(predictions, ("truth",))
    probabilities, truths = probabilities_of(predictions, classes), class_indices(predictions["truth"], classes)
    if not len(truths):
        return np.empty(0), np.empty(0, dtype=bool)
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == truths


def check_probabilities(table: pd.DataFrame, path: Path, repair: str = REPAIR) -> None:
    """Sees to it that the probabilities of each row of a table that was read from `path` sum to 1.

    Raises:
        WorkspaceError: they do not.
    """
    if (abs(probabilities_of(table, codes_in(table)).sum(axis=1) - 1) > _ROUNDING).any():
        raise WorkspaceError(f"{path} is damaged: the probabilities of an image do not sum to 1.", repair)
