"""From a run's stored predictions to its stored results; nothing is inferred again."""

from typing import Any

import pandas as pd

from pipeline.evaluation.decided import decided_predictions, run_decisions, run_priors
from pipeline.files.disk import plain, write_json
from pipeline.metrics.diagnosis_table import diagnosis_table
from pipeline.metrics.isic_scorer import isic_scores
from pipeline.metrics.lesion_answers import melanoma_lesions_called_else
from pipeline.metrics.part_figures import lesion_bootstrap, summarise
from pipeline.metrics.reliability import calibration_figures
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import HELD_OUT_PARTS, HeldOutPart

CHOSE_EPOCH_SENTENCE = (
    "The same images also chose which epoch's weights to keep, so this figure is a little too good."
)


def part_results(rows: pd.DataFrame, majority: str | None, chose_epoch: bool) -> dict[str, Any]:
    """The figures of one part from its predictions as they are stored: `summarise` with `intervals`, `melanoma` and
    `chose_epoch`, as `evaluate_run` describes them.
    """
    return {
        **summarise(rows, majority),
        "intervals": lesion_bootstrap(rows),
        "melanoma": melanoma_lesions_called_else(rows),
        "chose_epoch": chose_epoch,
    }


def part_chose_epoch(run: RunDir, part: HeldOutPart) -> bool:
    """Whether images of the part also chose which epoch's weights of the network that judged them were kept."""
    config, evaluation = run.config(), run.evaluation()
    chooses = config.keep != "last" and config.epochs > 1
    return chooses and part == "validation" or bool(evaluation and evaluation.get("chose_epoch"))


def evaluate_run(run: RunDir) -> dict[str, Any]:
    """Computes the figures of each held-out part and writes them to `results.json`.

    Returns:
        What was written: for "validation", and "test" where the split has one, the dict of `summarise` with
        `intervals` (see `lesion_bootstrap`), `melanoma` (see `melanoma_lesions_called_else`), `chose_epoch` (whether
        these very images also chose the epoch whose weights were kept), `decisions` (for each of `run_decisions` what
        `diagnosis_table` gives, and `isic_scorer`: balanced_accuracy, and per_category and macro_average as
        `isic_scores` gives them) and, where "as-data" is one of them, `calibration` (see `calibration_figures`); None
        for what is undefined.

    Raises:
        RunError: the run has no predictions or no split.
        DataError: the predictions lack columns.
        WorkspaceError: the disk is full or cannot be written.
    """
    predictions, priors = run.predictions(), run_priors(run)
    # of equally frequent ones the first in the alphabet
    majority = max(priors, key=priors.__getitem__) if priors else None
    decided = {decision: decided_predictions(run, predictions, decision) for decision in run_decisions(run)}
    results = {}
    for part in HELD_OUT_PARTS:
        rows = _of(predictions, part)
        if rows.empty and (part == "test" or len(predictions)):
            continue
        results[part] = {
            **part_results(rows, majority, part_chose_epoch(run, part)),
            "decisions": {name: _decision(_of(table, part)) for name, table in decided.items()},
        }
        if "as-data" in decided:
            results[part]["calibration"] = calibration_figures(_of(decided["as-data"], part))
    results = plain(results)
    write_json(run.results_path, results)
    return results


def _of(table: pd.DataFrame, part: HeldOutPart) -> pd.DataFrame:
    return table[table["part"] == part]


def _decision(rows: pd.DataFrame) -> dict[str, Any]:
    return {**diagnosis_table(rows), "isic_scorer": _isic_scorer(rows)}


def _isic_scorer(rows: pd.DataFrame) -> dict[str, Any] | None:
    if rows.empty:
        return None
    scores = isic_scores(rows)
    return {
        "balanced_accuracy": scores.balanced_accuracy, "macro_average": scores.macro_average.to_dict(),
        "per_category": scores.per_category.to_dict("index"),
    }
