"""Cached loaders of the page Leakage and of evidence outside the lesion; each kept until one of its files changes."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.loaders import resources
from app.loaders.resources import Stamp, stamp
from pipeline.audit.findings import audit_path, is_current, stored_audit
from pipeline.data.dataset import Dataset
from pipeline.data.same_lesion import Verdict, verdicts, verdicts_path
from pipeline.data.split import EXTERNAL
from pipeline.evaluation.evidence import Of, by_diagnosis, outside_against_rest
from pipeline.evaluation.evidence_store import evidence_path, read_evidence
from pipeline.evaluation.leakage import BundledPair, bundled_pair, bundled_tables, leakage_folder, run_sides
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import HeldOutPart

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
    return run_sides(RunDir(Path(predictions[0]).parent))


def sides(run: RunDir) -> dict[str, dict[str, Any]]:
    """`run_sides` of the run's validation images.

    Raises:
        RunError: it has no predictions yet.
    """
    return _sides(stamp(run.predictions_path), stamp(run.split_path))


@st.cache_data(max_entries=2, show_spinner="Draws the lesions a thousand times.")
def _bundled(of: tuple[Stamp, ...], folder: str) -> BundledPair | None:
    return bundled_pair(Path(folder))


def bundled() -> BundledPair | None:
    """The bundled pair of tables; None where they are not there.

    Raises:
        DataError: one is damaged.
    """
    folder = leakage_folder()
    paths = bundled_tables(folder)
    return None if paths is None else _bundled(tuple(map(stamp, paths)), str(folder))


@st.cache_resource(max_entries=8, show_spinner=False)
def _evidence(of: Stamp) -> pd.DataFrame:
    return read_evidence(Path(of[0]))


def evidence_there(run: RunDir, dataset: Dataset | None) -> bool:
    """Whether the run's evidence has been measured against the data set's masks as they are now."""
    path = evidence_path(run, dataset) if dataset else None
    return path is not None and path.exists()


def evidence(run: RunDir, dataset: Dataset) -> pd.DataFrame:
    """`run_evidence` of the run's held-out images, as it is stored; shared, so not to be changed."""
    return _evidence(stamp(evidence_path(run, dataset)))


@st.cache_data(max_entries=16, show_spinner=False)
def _by_diagnosis(of: Stamp, part: HeldOutPart, diagnosis: Of) -> pd.DataFrame:
    rows = _evidence(of)
    return by_diagnosis(rows[rows["part"] == part], diagnosis)


def evidence_by_diagnosis(run: RunDir, dataset: Dataset, part: HeldOutPart, of: Of) -> pd.DataFrame:
    """`by_diagnosis` of one part."""
    return _by_diagnosis(stamp(evidence_path(run, dataset)), part, of)


@st.cache_data(max_entries=16, show_spinner=False)
def _against_rest(of: Stamp, part: HeldOutPart, code: str, diagnosis: Of) -> dict[str, Any]:
    rows = _evidence(of)
    return outside_against_rest(rows[rows["part"] == part], code, diagnosis)


def evidence_against_rest(run: RunDir, dataset: Dataset, part: HeldOutPart, code: str, of: Of) -> dict[str, Any]:
    """`outside_against_rest` of one part."""
    return _against_rest(stamp(evidence_path(run, dataset)), part, code, of)


def with_heatmaps(dataset: Dataset) -> list[RunDir]:
    """The finished runs and evaluations that stored heatmaps of the data set's images, newest first."""
    return [run for run in resources.own_runs()
            if run.config().data == dataset.name and run.predictions_path.exists() and run.heatmaps_path.exists()]


def runs_of(dataset: Dataset) -> list[RunDir]:
    """The finished runs on a data set that held images out, newest first."""
    found = []
    for run in resources.runs():
        config = run.config()
        if not run.bundled and config.data == dataset.name and config.split not in _NO_SPLIT and (
                run.predictions_path.exists()):
            found.append(run)
    return found
