"""A model's class priors and its probabilities under a named decision: one rule, for whoever asks.

A model's description states how frequent each diagnosis is in its training images, or its run is here, whose split
says it. Else it is not known, and then the model has its own decision alone: as-data, or balanced for a loss that
weighs diagnoses alike. The frequencies of other images, as of those that validated it, never stand in for them.
"""

import numpy as np

from pipeline.errors import LesionLabError, ModelError
from pipeline.evaluation.decided import priors_unknown, run_priors
from pipeline.files.workspace import Workspace
from pipeline.metrics.class_priors import at_training_priors, prior_vector
from pipeline.metrics.decisions import decided
from pipeline.models.library import run_of
from pipeline.models.model_info import ModelInfo, find_model
from pipeline.vocabulary import NAMED_DECISIONS, Decision


def model_priors(workspace: Workspace, info: ModelInfo) -> dict[str, float] | None:
    """The share of each diagnosis in the model's training images, by code; of a mean of models the mean of its
    members'. None where it is not known, or a diagnosis has no training image.
    """
    found = info.frequencies or info.training_frequencies or _of_members(workspace, info) or _of_run(workspace, info)
    return found if found and all(found.get(code, 0) > 0 for code in info.classes) else None


def mean_priors(priors: list[dict[str, float]]) -> dict[str, float]:
    """The mean of the class priors of some models with the same diagnoses."""
    return {code: float(np.mean([of[code] for of in priors])) for code in priors[0]}


def _of_members(workspace: Workspace, info: ModelInfo) -> dict[str, float] | None:
    try:
        priors = [model_priors(workspace, find_model(workspace, name)) for name, _ in info.members]
    except ModelError:  # a member that is gone is named when the mean is opened
        return None
    known = [of for of in priors if of is not None]
    return mean_priors(known) if known and len(known) == len(priors) else None


def _of_run(workspace: Workspace, info: ModelInfo) -> dict[str, float] | None:
    run = run_of(workspace, info)
    try:
        return run_priors(run) if run else None
    except (LesionLabError, OSError, ValueError):  # pyarrow's ArrowInvalid is a ValueError
        return None


def available_decisions(info: ModelInfo, priors: dict[str, float] | None) -> tuple[Decision, ...]:
    """The decisions under which the model's answers can be computed, the usual one first: "as-data" where it can be
    had, else the model's own.
    """
    return NAMED_DECISIONS if priors else (info.own_decision,)


def without_priors(info: ModelInfo) -> str:
    """What cannot be known of a model without class priors, in a sentence; see `model_priors`."""
    return " ".join(priors_unknown(info.name, info.own_decision))


def decided_output(
    info: ModelInfo, probabilities: np.ndarray, priors: dict[str, float] | None, decision: Decision
) -> np.ndarray:
    """(images, diagnoses) float32 what the model gives, under `decision`; each row sums to 1.

    Args:
        probabilities: (images, diagnoses) as the model gives them.
        priors: of `model_priors`.

    Raises:
        ModelError: it is not the model's own decision and its class priors are not known.
    """
    if decision == info.own_decision:
        return probabilities
    if priors is None:
        raise ModelError(*priors_unknown(info.name, info.own_decision))
    vector = prior_vector(priors, info.classes)
    if info.frequencies is None:
        probabilities = at_training_priors(probabilities, vector, info.loss)
    return decided(probabilities, vector, decision).astype(np.float32)
