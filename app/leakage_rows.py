"""Cached loaders of the page Leakage and of evidence outside the lesion; each kept until one of its files changes."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app import resources
from app.resources import Stamp, stamp
from pipeline.data.audit import audit_path, is_current, stored_audit
from pipeline.data.dataset import Dataset
from pipeline.data.same_lesion import Verdict, verdicts, verdicts_path
from pipeline.data.split import EXTERNAL
from pipeline.evaluation.evidence import Of, by_diagnosis, run_evidence
from pipeline.evaluation.leakage import BUNDLED, BundledPair, bundled_pair, bundled_tables, seen_and_not
from pipeline.jobs.run_dir import RunDir

_NO_SPLIT = ("all", EXTERNAL)


@st.cache_data(max_entries=8, show_spinner=False)
def _audit(_dataset: Dataset, of: Stamp, table: Stamp) -> tuple[dict[str, Any] | None, bool]:
    found = stored_audit(_dataset)
    return found, found is not None and is_current(_dataset, found)


def audit(dataset: Dataset) -> tuple[dict[str, Any] | None, bool]:
    """The stored audit, None without one; and whether the data set is still as it was then.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return _audit(dataset, stamp(audit_path(dataset)), stamp(dataset.folder / "metadata.parquet"))


@st.cache_data(max_entries=8, show_spinner=False)
def _judged(_dataset: Dataset, of: Stamp) -> dict[tuple[str, str], Verdict]:
    return verdicts(_dataset)


def judged(dataset: Dataset) -> dict[tuple[str, str], Verdict]:
    """The verdict on each judged pair.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return _judged(dataset, stamp(verdicts_path(dataset)))


@st.cache_data(max_entries=32, show_spinner="Draws the lesions a thousand times.")
def _sides(predictions: Stamp, split: Stamp) -> dict[str, dict[str, Any]]:
    run = RunDir(Path(predictions[0]).parent)
    return seen_and_not(run.predictions(), run.split())


def sides(run: RunDir) -> dict[str, dict[str, Any]]:
    """`seen_and_not` of the run's validation images.

    Raises:
        RunError: it has no predictions yet.
    """
    return _sides(stamp(run.predictions_path), stamp(run.split_path))


@st.cache_data(max_entries=2, show_spinner="Draws the lesions a thousand times.")
def _bundled(of: tuple[Stamp, ...], folder: str) -> BundledPair | None:
    return bundled_pair(Path(folder))


def bundled(folder: Path = BUNDLED) -> BundledPair | None:
    """The bundled pair of tables; None where they are not there.

    Raises:
        DataError: one is damaged.
    """
    paths = bundled_tables(folder)
    return None if paths is None else _bundled(tuple(map(stamp, paths)), str(folder))


@st.cache_resource(max_entries=8, show_spinner="Lays the masks over the heatmaps.")
def _evidence(_run: RunDir, _dataset: Dataset, of: tuple[Stamp, ...]) -> pd.DataFrame:
    return run_evidence(_run, _dataset)


def _evidence_stamps(run: RunDir, dataset: Dataset) -> tuple[Stamp, ...]:
    return tuple(map(stamp, (run.predictions_path, run.heatmaps_path, run.config_path, dataset.folder / "masks")))


def evidence(run: RunDir, dataset: Dataset) -> pd.DataFrame:
    """`run_evidence` of the run's held-out images; shared, so not to be changed.

    Raises:
        RunError: it has no predictions yet.
    """
    return _evidence(run, dataset, _evidence_stamps(run, dataset))


@st.cache_data(max_entries=16, show_spinner=False)
def _evidence_rows(_rows: pd.DataFrame, of: tuple[Stamp, ...], part: str, diagnosis: Of) -> pd.DataFrame:
    return by_diagnosis(_rows, diagnosis)


def evidence_by_diagnosis(run: RunDir, dataset: Dataset, part: str, of: Of) -> pd.DataFrame:
    """`by_diagnosis` of one part."""
    rows = evidence(run, dataset)
    return _evidence_rows(rows[rows["part"] == part], _evidence_stamps(run, dataset), part, of)


def runs_of(dataset: Dataset) -> list[RunDir]:
    """The finished runs on a data set that held images out, newest first."""
    found = []
    for run in resources.runs():
        config = run.config()
        if not run.bundled and config.data == dataset.name and config.split not in _NO_SPLIT and (
                run.predictions_path.exists()):
            found.append(run)
    return found
