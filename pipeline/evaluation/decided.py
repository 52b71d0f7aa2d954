"""A run's stored predictions under a named decision: the one place that knows what its probabilities assume."""

import pandas as pd

from pipeline.errors import RunError
from pipeline.metrics.decisions import at_data_frequencies, decide, frequencies_of, vector
from pipeline.metrics.predictions_table import classes_of, probabilities_of, with_probabilities
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import Decision


def training_frequencies(run: RunDir) -> dict[str, float]:
    """The share of each diagnosis in the run's training images, by code: as its config states it, else of its split.

    Raises:
        RunError: the run has no split, or one without training images.
    """
    about = run.about()
    if stated := about.get("frequencies") or about.get("training_frequencies"):
        return stated
    try:
        split = run.split()
    except FileNotFoundError as error:
        raise RunError(f"The run {run.name} has no split yet.", "Wait until it is done, or start a new run.") from error
    training = split.loc[split["part"] == "train", "dx"]
    if training.empty:
        raise RunError(f"The split of the run {run.name} has no training images.", "Start a new run.")
    return frequencies_of(training)


def decided_predictions(run: RunDir, predictions: pd.DataFrame, decision: Decision) -> pd.DataFrame:
    """`predictions` of the run, with p_<code>, `predicted` and `loss` as `decision` sees them.

    Raises:
        RunError: the run has no split, or one without training images.
        DataError: columns are missing, or a diagnosis has no training image.
    """
    frequencies, classes = training_frequencies(run), classes_of(predictions)
    if "frequencies" in run.about():  # then the stored probabilities are at these already, whatever the loss
        return decide(predictions, frequencies, decision)
    shares = at_data_frequencies(
        probabilities_of(predictions, classes), vector(frequencies, classes), run.config().loss
    )
    return decide(with_probabilities(predictions, classes, shares), frequencies, decision)
