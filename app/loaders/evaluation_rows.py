"""Cached loaders of the page Evaluation: what it computes itself, each kept until a file that it depends on changes."""

from pathlib import Path

import pandas as pd
import streamlit as st

from app.loaders import resources
from app.loaders.resources import Stamp, stamp
from pipeline.data.dataset import Dataset
from pipeline.data.tables import NOT_RECORDED, levels
from pipeline.evaluation.decided import decided_predictions
from pipeline.metrics.operating_point import lesion_scores
from pipeline.metrics.reliability import reliability_with_intervals
from pipeline.metrics.subgroups import CONFIDENCE_BANDS, confidence_bands, subgroup_table
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import Decision, HeldOutPart

CONFIDENCE = "confidence"  # the one factor that is not in the metadata

_Run = tuple[Stamp, Stamp, Stamp]


def stamps(run: RunDir) -> _Run:
    """What changes whenever the run's predictions under a decision may."""
    return stamp(run.predictions_path), stamp(run.split_path), stamp(run.config_path)


@st.cache_resource(max_entries=16, show_spinner=False)
def _decided(of: _Run, decision: Decision) -> pd.DataFrame:
    run = RunDir(Path(of[0][0]).parent)
    return decided_predictions(run, resources.predictions(run), decision)


def _part(of: _Run, part: HeldOutPart, decision: Decision) -> pd.DataFrame:
    table = _decided(of, decision)
    return table[table["part"] == part]


def decided(run: RunDir, decision: Decision) -> pd.DataFrame:
    """The predictions of all parts as a decision sees them; shared, so not to be changed.

    Raises:
        RunError: the run has no predictions or no split.
        DataError: the predictions cannot be used.
    """
    return _decided(stamps(run), decision)


def part_rows(run: RunDir, part: HeldOutPart, decision: Decision) -> pd.DataFrame:
    """The predictions of one part as a decision sees them.

    Raises:
        RunError: the run has no predictions or no split.
        DataError: the predictions cannot be used.
    """
    return _part(stamps(run), part, decision)


@st.cache_data(max_entries=64, show_spinner=False)
def _scores(of: _Run, part: HeldOutPart, decision: Decision, codes: tuple[str, ...]) -> pd.DataFrame:
    return lesion_scores(_part(of, part, decision), codes)


def scores(run: RunDir, part: HeldOutPart, decision: Decision, codes: tuple[str, ...]) -> pd.DataFrame:
    """The `lesion_scores` of one part."""
    return _scores(stamps(run), part, decision, codes)


@st.cache_data(max_entries=64, show_spinner=False)
def _reliability(of: _Run, part: HeldOutPart, code: str | None) -> pd.DataFrame:
    return reliability_with_intervals(_part(of, part, "as-data"), code)


def reliability(run: RunDir, part: HeldOutPart, code: str | None) -> pd.DataFrame:
    """The `reliability_with_intervals` of one part."""
    return _reliability(stamps(run), part, code)


@st.cache_resource(max_entries=64, show_spinner=False)
def _groups(
    of: _Run, _dataset: Dataset | None, table: Stamp | None, part: HeldOutPart, decision: Decision, factor: str
) -> tuple[pd.Series, list[str]]:
    rows = _part(of, part, decision)
    if factor == CONFIDENCE:
        groups, named = confidence_bands(rows), list(CONFIDENCE_BANDS)
    else:
        factors = resources.factors(_dataset)
        groups = factors[factor].astype(object).reindex(rows["image_id"]).fillna(NOT_RECORDED).set_axis(rows.index)
        named = levels(groups.to_frame(factor), factor)
    present = set(groups)
    return groups, [level for level in named if level in present]


def _table_of(dataset: Dataset | None) -> Stamp | None:
    return None if dataset is None else stamp(dataset.folder / "metadata.parquet")


def groups(run: RunDir, dataset: Dataset | None, part: HeldOutPart, decision: Decision, factor: str) -> pd.Series:
    """The group of each image of one part, on the index of `part_rows`; shared, so not to be changed."""
    return _groups(stamps(run), dataset, _table_of(dataset), part, decision, factor)[0]


@st.cache_data(max_entries=256, show_spinner=False)
def _subgroups(
    of: _Run, _dataset: Dataset | None, table: Stamp | None, part: HeldOutPart, decision: Decision, factor: str,
    figure: str, codes: tuple[str, ...],
) -> pd.DataFrame:
    return subgroup_table(_part(of, part, decision), *_groups(of, _dataset, table, part, decision, factor), figure,
                          codes)


def subgroups(
    run: RunDir, dataset: Dataset | None, part: HeldOutPart, decision: Decision, factor: str, figure: str,
    codes: tuple[str, ...],
) -> pd.DataFrame:
    """The `subgroup_table` of one part by a factor of `data.tables` or CONFIDENCE; shared, so not to be changed."""
    return _subgroups(stamps(run), dataset, _table_of(dataset), part, decision, factor, figure, codes)


def lesion_prevalence(dataset: Dataset, codes: tuple[str, ...]) -> tuple[int, int]:
    """How many of the data set's lesions have one of these diagnoses, and how many it has."""
    metadata = resources.metadata(dataset)
    return metadata.loc[metadata["dx"].isin(codes), "lesion_id"].nunique(), dataset.lesions
