"""How many melanomas a model called something else, counted by lesion, with its interval."""

import math
from statistics import NormalDist
from typing import TypedDict

import pandas as pd

from pipeline.evaluation.metrics import classes_of, probabilities_of

MELANOMA = "mel"


class MelanomaCount(TypedDict):
    """`called_else` of `lesions` melanomas; `low` and `high` bound that share (0..1) by the 95 % Wilson interval."""

    lesions: int
    called_else: int
    low: float
    high: float


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of a binomial share (Wilson 1927, J. Am. Stat. Assoc. 22:209), without continuity correction.

    Returns:
        Low and high in 0..1; (NaN, NaN) for n = 0.
    """
    if n == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / n
    scale = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # at 0 and n the bound is exactly 0 or 1; the subtraction leaves rounding there
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == n else middle + half)


def melanoma_lesions_called_else(predictions: pd.DataFrame) -> MelanomaCount | None:
    """Melanoma lesions of one part whose averaged prediction is another diagnosis.

    A lesion's prediction is the mean of its images' probabilities, so that each lesion counts once.

    Returns:
        None where the part has no melanoma.
    """
    classes = classes_of(predictions)
    melanomas = predictions[predictions["truth"] == MELANOMA]
    if melanomas.empty:
        return None
    probabilities = pd.DataFrame(probabilities_of(melanomas, classes), columns=classes)
    answers = probabilities.groupby(melanomas["lesion_id"].to_numpy()).mean().idxmax(axis=1)
    called_else = int((answers != MELANOMA).sum())
    low, high = wilson_interval(called_else, len(answers))
    return MelanomaCount(lesions=len(answers), called_else=called_else, low=low, high=high)
