"""From a run's stored predictions to its stored results; nothing is inferred again."""

from typing import Any

from pipeline.errors import RunError
from pipeline.evaluation.bootstrap import lesion_bootstrap
from pipeline.evaluation.melanoma import melanoma_lesions_called_else
from pipeline.evaluation.metrics import summarise
from pipeline.files import plain, write_json
from pipeline.jobs.run_dir import RunDir

PARTS = ("validation", "test")
CHOSE_EPOCH_SENTENCE = (
    "The same images also chose which epoch's weights to keep, so this figure is a little too good."
)


def _majority_class(run: RunDir) -> str:
    try:
        split = run.split()
    except FileNotFoundError as error:
        raise RunError(f"The run {run.name} has no split yet.", "Wait until it is done, or start a new run.") from error
    training = split.loc[split["part"] == "train", "dx"]
    if training.empty:
        raise RunError(f"The split of the run {run.name} has no training images.", "Start a new run.")
    return str(training.mode().iloc[0])  # of equally frequent diagnoses the first in the alphabet


def evaluate_run(run: RunDir) -> dict[str, Any]:
    """Computes the figures of each held-out part and writes them to `results.json`.

    Returns:
        What was written: for "validation", and "test" where the split has one, the dict of `summarise` with
        `intervals` (see `lesion_bootstrap`), `melanoma` (see `melanoma_lesions_called_else`) and `chose_epoch` (whether
        these very images also chose the epoch whose weights were kept); None for what is undefined.

    Raises:
        RunError: the run has no predictions or no split.
        DataError: the predictions lack columns.
        WorkspaceError: the disk is full or cannot be written.
    """
    predictions, majority_class, config = run.predictions(), _majority_class(run), run.config()
    chooses = config.keep != "last" and config.epochs > 1
    results = {}
    for part in PARTS:
        rows = predictions[predictions["part"] == part]
        if part == "test" and rows.empty:
            continue
        results[part] = {
            **summarise(rows, majority_class),
            "intervals": lesion_bootstrap(rows),
            "melanoma": melanoma_lesions_called_else(rows),
            "chose_epoch": chooses and part == "validation",
        }
    results = plain(results)
    write_json(run.results_path, results)
    return results
