"""Cached loaders of Leakage and of evidence outside the lesion."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from app.loaders import resources
from app.loaders.file_cache import kept
from app.loaders.run_data import dataset_of
from pipeline.audit.findings import Audit, audit_path, is_current, stored_audit
from pipeline.data.dataset import Dataset
from pipeline.data.same_lesion import Verdict, verdicts, verdicts_path
from pipeline.data.split import EXTERNAL
from pipeline.errors import DataError
from pipeline.evaluation.evidence import by_diagnosis, outside_against_rest
from pipeline.evaluation.evidence_store import evidence_path, read_evidence
from pipeline.evaluation.leakage import (
    Side,
    bundled_lesions,
    bundled_pair,
    bundled_tables,
    leakage_folder,
    run_pair,
    run_sides,
)
from pipeline.evaluation.paired_splits import PairedSplits
from pipeline.files.workspace import bundled_folder
from pipeline.runs.plan import other_kind
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import HeatmapOf, HeldOutPart

_NO_SPLIT = ("all", EXTERNAL)
_DRAWS = "Draws the lesions a thousand times."


@kept(lambda dataset: [audit_path(dataset), *resources.table_files(dataset)], entries=8, copied=True)
def audit(dataset: Dataset) -> tuple[Audit | None, bool]:
    """The stored audit, None without one; and whether the data set is still as it was then.

    Raises:
        WorkspaceError: the file is damaged.
    """
    found = stored_audit(dataset)
    return found, found is not None and is_current(dataset, found)


@kept(lambda dataset: [verdicts_path(dataset)], entries=8, copied=True)
def judged(dataset: Dataset) -> dict[tuple[str, str], Verdict]:
    """The verdict on each judged pair.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return verdicts(dataset)


@kept(lambda run: [run.predictions_path, run.split_path], entries=32, copied=True)
def sides(run: RunDir) -> dict[str, Side]:
    """`run_sides` of the run's validation images.

    Raises:
        RunError: it has no predictions yet.
    """
    return run_sides(run)


def other_half(run: RunDir, others: list[RunDir]) -> RunDir | None:
    """Of `others` the newest whose training differs from that of `run` in its split alone, of the other kind."""
    config = run.config()
    if config.split == "external":  # an evaluation
        return None
    wanted = replace(config, split=other_kind(config.split), same_lesion=None)
    return next((other for other in others if replace(other.config(), same_lesion=None) == wanted), None)


@kept(lambda by_lesion, by_image: [by_lesion.predictions_path, by_image.predictions_path, by_image.split_path],
      entries=16, copied=True, waiting=_DRAWS)
def pair(by_lesion: RunDir, by_image: RunDir) -> PairedSplits:
    """`run_pair` of two runs.

    Raises:
        RunError: one has no predictions yet.
        DataError: their data sets contradict each other.
    """
    return run_pair(by_lesion, by_image)


def _bundled_files() -> Sequence[Path]:
    tables = bundled_tables(leakage_folder())
    return [*tables[0], *tables[1], bundled_folder() / "run" / "split.parquet"] if tables else ()


@kept(_bundled_files, entries=2, copied=True, waiting=_DRAWS)
def two_splits() -> PairedSplits | None:
    """The bundled trainings on both splits; None where they are not there.

    Raises:
        DataError: one is damaged.
    """
    return bundled_pair(leakage_folder(), bundled_lesions()) if _bundled_files() else None


def evidence_there(run: RunDir, dataset: Dataset | None) -> bool:
    """Whether the run's evidence has been measured against the data set's masks as they are now."""
    path = evidence_path(run, dataset) if dataset else None
    return path is not None and path.exists()


def _evidence_files(run: RunDir, dataset: Dataset | None, *_asked: str) -> list[Path]:
    path = evidence_path(run, dataset) if dataset else None
    return [] if path is None else [path]


@kept(_evidence_files, entries=8)
def evidence(run: RunDir, dataset: Dataset | None) -> pd.DataFrame:
    """`run_evidence` of the run's held-out images, as it is stored; shared, so not to be changed.

    Raises:
        DataError: the data set is gone or has no masks.
        WorkspaceError: the file is damaged.
    """
    files = _evidence_files(run, dataset)
    if not files:
        raise DataError(f"The images of the run {run.name} have no lesion masks.", "Import their masks again.")
    return read_evidence(*files)


@kept(_evidence_files, entries=16, copied=True)
def evidence_by_diagnosis(run: RunDir, dataset: Dataset, part: HeldOutPart, of: HeatmapOf) -> pd.DataFrame:
    """`by_diagnosis` of one part."""
    rows = evidence(run, dataset)
    return by_diagnosis(rows[rows["part"] == part], of)


@kept(_evidence_files, entries=16, copied=True)
def evidence_against_rest(run: RunDir, dataset: Dataset, part: HeldOutPart, code: str, of: HeatmapOf) -> dict[str, Any]:
    """`outside_against_rest` of one part."""
    rows = evidence(run, dataset)
    return outside_against_rest(rows[rows["part"] == part], code, of)


def with_heatmaps(dataset: Dataset) -> list[RunDir]:
    """The finished runs and evaluations that stored heatmaps of the data set's images, newest first."""
    return [run for run in resources.runs()
            if run.predictions_path.exists() and run.heatmaps_path.exists() and _shows(run, dataset)]


def _shows(run: RunDir, dataset: Dataset) -> bool:
    if run.capabilities().names_its_data:  # asked of all runs, so without a look at the data sets
        return run.config().data == dataset.name
    found = dataset_of(run)
    return found is not None and found.name == dataset.name


def runs_of(dataset: Dataset) -> list[RunDir]:
    """The finished runs on a data set that held images out, newest first."""
    found = []
    for run in resources.runs():
        config, can = run.config(), run.capabilities()
        if can.names_its_data and config.data == dataset.name and config.split not in _NO_SPLIT and (
                run.predictions_path.exists()):
            found.append(run)
    return found
