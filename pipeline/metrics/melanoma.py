"""How many melanomas a model called something else, counted by lesion, with its interval."""

from typing import TypedDict

import pandas as pd

from pipeline.metrics.held_out import classes_of, probabilities_of
from pipeline.metrics.wilson import wilson_interval

MELANOMA = "mel"


class MelanomaCount(TypedDict):
    """`called_else` of `lesions` melanomas; `low` and `high` bound that share (0..1) by the 95 % Wilson interval."""

    lesions: int
    called_else: int
    low: float
    high: float


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
