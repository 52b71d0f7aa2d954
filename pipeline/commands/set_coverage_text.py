"""What `evaluate --sets` prints: how often prediction sets of a run's held-out lesions hold their diagnosis, for each
diagnosis and image source, and what answering only when sure leaves.
"""

from typing import Any

import pandas as pd

from pipeline.classes import label
from pipeline.data.dataset import list_datasets
from pipeline.data.tables import described
from pipeline.evaluation.decided import decided_predictions, run_decisions
from pipeline.files.workspace import Workspace
from pipeline.metrics.conformal import MISS
from pipeline.metrics.set_coverage import (
    DIAGNOSIS,
    EVERYTHING,
    GROUP,
    MELANOMA_IN_GROUP,
    OVER_ALL,
    PER_DIAGNOSIS,
    SPLITS,
    set_coverage,
)
from pipeline.metrics.surest import surest_lesions
from pipeline.metrics.units import with_interval
from pipeline.number_words import UNDEFINED, count, decimal, percent
from pipeline.runs.run_dir import RunDir
from pipeline.text_tables import table

_SHARES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def set_figures(workspace: Workspace, run: RunDir) -> tuple[dict[str, Any], str]:
    """The figures as an object, and in words. Nothing is stored.

    Raises:
        RunError, WorkspaceError: the run has no predictions or no split, or they are damaged.
        DataError: the predictions cannot be used.
    """
    predictions = run.predictions()
    part, decision = "test" if "test" in set(predictions["part"]) else "validation", run_decisions(run)[0]
    rows = predictions[predictions["part"] == part]
    dataset, sources = _sources(workspace, rows)
    decided = decided_predictions(run, rows, decision)
    coverage, surest = set_coverage(decided, sources), surest_lesions(decided)
    surest = surest[surest["share"].round(6).isin(_SHARES)]
    answer = {
        "run": run.name, "part": part, "decision": decision, "images": len(rows),
        "lesions": int(rows["lesion_id"].nunique()), "level": 1 - MISS, "splits": SPLITS, "sources_of": dataset,
        "coverage": coverage.to_dict("records"), "surest": surest.to_dict("records"),
    }
    head = (f"{part.capitalize()} part of {run.name}, {count(len(rows), 'image')} of "
            f"{count(answer['lesions'], 'lesion')}, decision {decision}.\n"
            f"Sets at {percent(1 - MISS, 0)}: half of the lesions of each diagnosis rank, the others are judged, each "
            f"lesion once; mean of {SPLITS} such splits (lowest to highest).")
    tail = "Answered: the surest lesions alone; intervals are Wilson's, 95 %."
    return answer, "\n\n".join([head, _coverage_table(coverage), tail, _surest_table(surest)])


def _sources(workspace: Workspace, rows: pd.DataFrame) -> tuple[str | None, pd.Series | None]:
    """The name of the data set that has the images under the same diagnoses and knows their source, whichever copy of
    them it holds, and the source of each image; both None without one.
    """
    for dataset in list_datasets(workspace):
        known = described(dataset.metadata()).set_index("image_id").reindex(rows["image_id"])
        if known["source"].notna().all() and (known["dx"].astype(object).to_numpy() == rows["truth"].to_numpy()).all():
            return dataset.name, known["source"].astype(str).set_axis(rows.index)
    return None, None


def _coverage_table(coverage: pd.DataFrame) -> str:
    both = [coverage[coverage["sets"] == sets].reset_index(drop=True) for sets in (PER_DIAGNOSIS, OVER_ALL)]
    rows = []
    for per, over in zip(*(of.itertuples() for of in both), strict=True):
        figures = [words for row in (per, over) for words in (
            with_interval((row.coverage, row.coverage_low, row.coverage_high)), decimal(row.size, 2),
            percent(row.alone))]
        rows.append([_row_words(per.kind, per.level), f"{per.lesions:,}", *figures])
    header = ["", "lesions", *(f"{figure}, {sets}" for sets in ("set per diagnosis", "one set over all")
                               for figure in ("covered", "size", "of one"))]
    return table(header, rows, right=range(1, len(header)))


def _row_words(kind: str, level: str) -> str:
    return {EVERYTHING: "all lesions", DIAGNOSIS: label(level), GROUP: f"source {level}",
            MELANOMA_IN_GROUP: f"melanomas of source {level}"}[kind]


def _surest_table(surest: pd.DataFrame) -> str:
    rows = [[
        percent(row.share, 0), f"{row.lesions:,}", with_interval((row.right, row.right_low, row.right_high)),
        f"{row.answered:,} of {row.melanomas:,}" if row.melanomas else UNDEFINED,
        with_interval((row.left, row.left_low, row.left_high)), f"{row.named:,}",
    ] for row in surest.itertuples()]
    header = ["answered", "lesions", "right", "melanomas left", "share of them", "called melanoma"]
    return table(header, rows, right=range(1, len(header)))
