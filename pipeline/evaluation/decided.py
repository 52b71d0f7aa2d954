"""A run's stored predictions under a named decision: what its probabilities assume, and what cannot be known."""

import pandas as pd

from pipeline.errors import RunError
from pipeline.metrics.class_priors import at_training_priors, class_priors, prior_vector
from pipeline.metrics.decisions import decide, own_decision
from pipeline.metrics.predictions_table import classes_of, probabilities_of, with_probabilities
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import NAMED_DECISIONS, Decision


def run_priors(run: RunDir) -> dict[str, float] | None:
    """The share of each diagnosis in the images that the run's network was trained on, by code: as its config states
    it, else of its split. None for an evaluation of a model that does not say it.

    Raises:
        RunError: the run has no split, or one without training images.
    """
    about = run.about()
    if stated := about.get("frequencies") or about.get("training_frequencies"):
        return stated
    if run.evaluation():
        return None
    try:
        split = run.split()
    except FileNotFoundError as error:
        raise RunError(f"The run {run.name} has no split yet.", "Wait until it is done, or start a new run.") from error
    training = split.loc[split["part"] == "train", "dx"]
    if training.empty:
        raise RunError(f"The split of the run {run.name} has no training images.", "Start a new run.")
    return class_priors(training)


def run_decisions(run: RunDir) -> tuple[Decision, ...]:
    """The decisions that can be computed for the run's predictions: both, or its network's own alone.

    Raises:
        RunError: the run has no split, or one without training images.
    """
    return (_own(run),) if run_priors(run) is None else NAMED_DECISIONS


def priors_unknown(model: str, own: Decision) -> tuple[str, str]:
    """Why only the answer under a model's own decision can be computed where its class priors are not known, and which
    that is: a sentence each."""
    (other,) = (decision for decision in NAMED_DECISIONS if decision != own)
    return (
        f"How frequent each diagnosis is in the training images of the model {model} is not known here, so its answer "
        f"under the decision {other} cannot be computed.", f"Its own decision is {own}.",
    )


def run_priors_unknown(run: RunDir) -> tuple[str, str]:
    """`priors_unknown` of the model that gave the run's predictions."""
    evaluation = run.evaluation()
    return priors_unknown(evaluation["model"] if evaluation else run.name, _own(run))


def decided_predictions(run: RunDir, predictions: pd.DataFrame, decision: Decision) -> pd.DataFrame:
    """`predictions` of the run, with p_<code>, `predicted` and `loss` as `decision` sees them.

    Raises:
        RunError: the run has no split, or one without training images; or the class priors of the model that it
            evaluates are not known, and `decision` is not the model's own.
        DataError: columns are missing, or a diagnosis has no training image.
    """
    priors, classes = run_priors(run), classes_of(predictions)
    probabilities = probabilities_of(predictions, classes)
    if priors is None:
        if decision != _own(run):
            raise RunError(*run_priors_unknown(run))
        return with_probabilities(predictions, classes, probabilities)
    if "frequencies" in run.about():  # then the stored probabilities are at these already, whatever the loss
        return decide(predictions, priors, decision)
    carried = at_training_priors(probabilities, prior_vector(priors, classes), run.config().loss)
    return decide(with_probabilities(predictions, classes, carried), priors, decision)


def _own(run: RunDir) -> Decision:
    return own_decision(run.config().loss, "frequencies" in run.about())
