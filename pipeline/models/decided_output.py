"""A model's probabilities under a named decision: which frequencies they assume, and how they are carried over."""

import numpy as np

from pipeline.errors import LesionLabError, ModelError
from pipeline.evaluation.decided import training_frequencies
from pipeline.metrics.decisions import WEIGHS_ALIKE, at_data_frequencies, decided, vector
from pipeline.models.library import run_of
from pipeline.models.model_info import ModelInfo
from pipeline.vocabulary import Decision
from pipeline.workspace import Workspace


def model_frequencies(workspace: Workspace, info: ModelInfo) -> dict[str, float] | None:
    """The share of each diagnosis in the model's training images, by code: as it states them, else of its run's split.

    None where neither says them, or a diagnosis has no training image.
    """
    found = info.frequencies
    if found is None and (run := run_of(workspace, info)):
        try:
            found = training_frequencies(run)
        except (LesionLabError, OSError, ValueError):  # pyarrow's ArrowInvalid is a ValueError
            return None
    return found if found and all(found.get(code, 0) > 0 for code in info.classes) else None


def own_decision(info: ModelInfo) -> Decision:
    """The decision that the highest of the model's probabilities, as it gives them, follows."""
    return "balanced" if info.frequencies is None and info.loss in WEIGHS_ALIKE else "as-data"


def usual_decision(info: ModelInfo, frequencies: dict[str, float] | None) -> Decision:
    """ "as-data" where it can be had, else the model's own."""
    return "as-data" if frequencies else own_decision(info)


def decided_output(
    info: ModelInfo, probabilities: np.ndarray, frequencies: dict[str, float] | None, decision: Decision
) -> np.ndarray:
    """(images, diagnoses) float32 what the model gives, under `decision`; each row sums to 1.

    Args:
        probabilities: (images, diagnoses) as the model gives them.
        frequencies: of `model_frequencies`.

    Raises:
        ModelError: it is not the model's own decision and the frequencies are not known.
    """
    if decision == own_decision(info):
        return probabilities
    if frequencies is None:
        raise ModelError(
            f"How frequent each diagnosis is in the training images of the model {info.name} is not known here, so its "
            f"answer under the decision {decision} cannot be computed.",
            f"Its own decision is {own_decision(info)}.",
        )
    shares = vector(frequencies, info.classes)
    if info.frequencies is None:
        probabilities = at_data_frequencies(probabilities, shares, info.loss)
    return decided(probabilities, shares, decision).astype(np.float32)
