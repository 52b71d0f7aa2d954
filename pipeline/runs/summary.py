"""A run in one small dict, the same for the command line's JSON and the pages."""

from typing import Any

from pipeline.errors import LesionLabError
from pipeline.metrics.metric_registry import metrics_of
from pipeline.runs.results import PartFigures
from pipeline.runs.run_dir import RunDir
from pipeline.runs.time_parts import time_division
from pipeline.vocabulary import HELD_OUT_PARTS

FIGURES = ("images", "lesions", *(metric.key for metric in metrics_of("part")))


def _figures(part: PartFigures | None) -> dict[str, Any] | None:
    return None if part is None else {key: part.get(key) for key in FIGURES}


def run_summary(run: RunDir) -> dict[str, Any]:
    """What a list of runs shows of one.

    Returns:
        run, state, pid (None unless it is being worked on), seconds (of work, None before it), time (those seconds by
        part as `time_parts.divide` gives them, None before the end), data, preset, arch, split, parent and parent_stage
        (the run and its stage that this one started from, or None), evaluates (the model that an evaluation judged,
        None for a training), validation and test (FIGURES, or None), error (a sentence, or None), notes (sentences). A
        run with a damaged file is listed too: `error` says which one, and what that file would tell is None.
    """
    summary: dict[str, Any] = {
        "run": run.name, "state": "failed", "pid": None, "seconds": None, "time": None, "data": None, "preset": None,
        "arch": None, "split": None, "parent": None, "parent_stage": None, "evaluates": None, "validation": None,
        "test": None, "error": None, "notes": [],
    }
    damage = []
    for fill in (_from_status, _from_config, _from_results):
        try:
            summary |= fill(run)
        except (LesionLabError, FileNotFoundError) as error:
            damage.append(str(error))
    if damage:
        summary["error"] = " ".join(filter(None, [summary["error"], *damage]))
    return summary


def _from_status(run: RunDir) -> dict[str, Any]:
    status = run.status()
    return {
        "state": status.state, "pid": status.pid, "seconds": status.seconds,
        "time": time_division(run, status.seconds) or None, "error": status.error, "notes": list(status.notes),
    }


def _from_config(run: RunDir) -> dict[str, Any]:
    config, evaluation = run.config(), run.evaluation()
    return {
        "data": config.data, "preset": config.preset, "arch": config.arch, "split": config.split,
        "parent": config.parent, "parent_stage": config.parent_stage,
        "evaluates": evaluation["model"] if evaluation else None,
    }


def _from_results(run: RunDir) -> dict[str, Any]:
    results = run.results()
    return {part: None if results is None else _figures(results.get(part)) for part in HELD_OUT_PARTS}
