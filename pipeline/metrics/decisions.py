"""From probabilities to one answer: the two named decisions, and the class priors that each assumes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.metrics.class_priors import WEIGHS_ALIKE, at_equal_priors, prior_vector
from pipeline.metrics.predictions_table import classes_of, probability_columns, with_probabilities
from pipeline.vocabulary import Decision

DECISIONS: dict[Decision, str] = {
    "as-data": "the diagnosis of the highest probability, at the frequencies of the data",
    "balanced": "the diagnosis of the highest probability after dividing by the training frequencies: all diagnoses "
    "weighed alike",
}


def own_decision(loss: str, at_data: bool) -> Decision:
    """The decision that the highest probabilities follow as they are: those of a network that was trained with `loss`,
    or, where `at_data`, those that were carried to the priors of its training images already.
    """
    return "balanced" if loss in WEIGHS_ALIKE and not at_data else "as-data"


def decided(probabilities: np.ndarray, priors: np.ndarray, decision: Decision) -> np.ndarray:
    """(images, diagnoses) probabilities at the data's class priors as `decision` sees them: its answer is the highest
    of each row."""
    if decision == "balanced":
        return at_equal_priors(probabilities, priors)
    return np.asarray(probabilities, dtype=np.float64)


def decide(predictions: pd.DataFrame, priors: Mapping[str, float], decision: Decision) -> pd.DataFrame:
    """A table of predictions under a decision: `predicted`, p_<code> and `loss` as it sees them, the rest as it was.

    Args:
        predictions: a row an image, with truth, and p_<code> at the data's class priors for each diagnosis.
        priors: share of each diagnosis in the training images, by code.

    Raises:
        DataError: a diagnosis of the table has no prior above 0, or a truth no probability.
    """
    classes = classes_of(predictions, ("truth",))
    probabilities = predictions[probability_columns(classes)].to_numpy()
    return with_probabilities(predictions, classes, decided(probabilities, prior_vector(priors, classes), decision))
