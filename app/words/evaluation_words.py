"""The words of the page Evaluation: figures, decisions, and a figure with its interval."""

import math
from collections.abc import Callable, Sequence

from pipeline.number_words import UNDEFINED, decimal, percent
from pipeline.vocabulary import Decision

FIGURE_WORDS = {
    "sensitivity": "Sensitivity", "specificity": "Specificity", "ppv": "PPV", "npv": "NPV", "f1": "F1", "auc": "AUC",
}
FIGURE_SENTENCES = {
    "sensitivity": "Share of the images with this diagnosis that the model called it.",
    "specificity": "Share of the images of everything else that the model called something else.",
    "ppv": "Of the images that the model called this, the share that are. It holds for the prevalence in the table.",
    "npv": "Of the images that the model called something else, the share that are. It holds for the prevalence in the "
    "table.",
    "f1": "Harmonic mean of sensitivity and PPV; like PPV it holds for the prevalence in the table.",
    "auc": "Area under the ROC curve against the rest, of the probability under this decision: 0.5 is chance, 1 is "
    "perfect order.",
}
SCORER_NAMES = {"f1": "dice"}  # the ISIC scorer's own name where it differs
DECISION_WORDS = {"as-data": "as-data: as frequent as in the data", "balanced": "balanced: all diagnoses alike"}
ANSWER_WORDS: dict[Decision, str] = {  # before one answer
    "as-data": "Highest probability (as-data)", "balanced": "All diagnoses weighed alike (balanced)",
}

Words = Callable[[float | None], str]


def words_of(figure: str) -> Words:
    """How a figure is written: an area as "0.912", a share in percent."""
    return decimal if figure in ("auc", "macro_auc", "ece", "brier") else percent


def with_interval(bounded: Sequence[float | None], words: Words = percent) -> str:
    """ "61.3 % (53.8 % to 69.0 %)" of value, low and high; a dash for what is undefined."""
    value, low, high = bounded
    return f"{words(value)} ({words(low)} to {words(high)})" if is_number(low) else words(value)


def interval(bounded: Sequence[float | None], words: Words = percent) -> str:
    """ "95 % interval" and its ends in two lines; that there is none where it is undefined."""
    _, low, high = bounded
    return f"95 % interval  \n{words(low)} to {words(high)}" if is_number(low) else f"95 % interval  \n{UNDEFINED}"


def is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
