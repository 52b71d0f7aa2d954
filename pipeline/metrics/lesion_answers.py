"""The answer of a lesion, the diagnosis of the highest mean probability over its images; and what is counted by it.

Images of one lesion are not independent, lesions are: here each counts once, with Wilson's interval.
"""

from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Interval
from typing_extensions import TypedDict

from pipeline.classes import MELANOMA
from pipeline.files.bounds import Count, Share, Word
from pipeline.metrics.predictions_table import classes_of, highest, probabilities_of, probability_column
from pipeline.metrics.wilson import wilson_interval


def lesion_means(predictions: pd.DataFrame) -> pd.DataFrame:
    """A row a lesion: lesion_id, truth, images, predicted (the highest of its means), and p_<code>, the mean over its
    images.

    Raises:
        DataError: columns are missing.
    """
    classes = classes_of(predictions)
    lesions, images, means = _means(predictions["lesion_id"], probabilities_of(predictions, classes))
    first = np.unique(pd.factorize(predictions["lesion_id"])[0], return_index=True)[1]
    return pd.DataFrame({
        "lesion_id": lesions, "truth": predictions["truth"].to_numpy(dtype=object)[first], "images": images,
        "predicted": highest(classes, means),
        **{probability_column(code): means[:, i] for i, code in enumerate(classes)},
    })


def _means(lesion_ids: pd.Series, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(lesions,) each lesion and how many images it has, and (lesions, diagnoses) the mean over them."""
    lesion, names = pd.factorize(lesion_ids)
    images = np.bincount(lesion, minlength=len(names))
    sums = np.column_stack([np.bincount(lesion, weights=of, minlength=len(names)) for of in probabilities.T])
    return np.asarray(names, dtype=object), images, sums / images[:, None]


class MelanomaCount(TypedDict):
    """`called_else` of `lesions` melanomas; `low` and `high` bound that share (0..1) by the 95 % Wilson interval."""

    lesions: Count
    called_else: Count
    low: Share
    high: Share


def melanoma_lesions_called_else(predictions: pd.DataFrame) -> MelanomaCount | None:
    """Melanoma lesions of one part whose answer is another diagnosis.

    Returns:
        None where the part has no melanoma.

    Raises:
        DataError: columns are missing.
    """
    answers = lesion_means(predictions[predictions["truth"] == MELANOMA])["predicted"]
    if answers.empty:
        return None
    called_else = int((answers != MELANOMA).sum())
    low, high = wilson_interval(called_else, len(answers))
    return MelanomaCount(lesions=len(answers), called_else=called_else, low=low, high=high)


class FlipShare(TypedDict):
    """`flipped` (lesion ids) of `lesions` whose answer is another; `low` and `high` bound the share (95 %, 0..1).

    `lost` of the flipped were right before, `won` are right now.
    """

    lesions: Annotated[int, Interval(ge=1, le=10**9)]
    flipped: list[Word]
    low: Share
    high: Share
    lost: Count
    won: Count


def flip_share(before: np.ndarray, after: np.ndarray, lesion_ids: pd.Series, truths: np.ndarray) -> FlipShare:
    """How often a lesion's answer flips when its pictures are changed.

    Args:
        before, after: (images, diagnoses) probabilities of the same images before and after the change.
        lesion_ids: (images,) whose they are.
        truths: (images,) class indexes.
    """
    lesions, _, old = _means(lesion_ids, before)
    old, new = old.argmax(axis=1), _means(lesion_ids, after)[2].argmax(axis=1)
    truth = pd.Series(truths, index=lesion_ids.to_numpy()).groupby(level=0).first().loc[lesions].to_numpy()
    flipped = old != new
    low, high = wilson_interval(int(flipped.sum()), len(old))
    return FlipShare(
        lesions=len(old), flipped=sorted(str(lesion) for lesion in lesions[flipped]), low=low, high=high,
        lost=int((flipped & (old == truth)).sum()), won=int((flipped & (new == truth)).sum()),
    )
