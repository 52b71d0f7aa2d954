"""Cached loaders of Evaluation: what it computes itself, each kept until a file that it depends on changes."""

from pathlib import Path
from typing import Final, Literal

import pandas as pd

from app.loaders import resources
from app.loaders.file_cache import kept
from pipeline.data.dataset import Dataset
from pipeline.data.tables import NOT_RECORDED, Factor, levels
from pipeline.errors import DataError
from pipeline.evaluation.decided import decided_predictions
from pipeline.metrics.operating_point import lesion_scores
from pipeline.metrics.reliability import reliability_with_intervals
from pipeline.metrics.subgroups import CONFIDENCE_BANDS, Figure, confidence_bands, subgroup_table
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import Decision, HeldOutPart

CONFIDENCE: Final = "confidence"  # the one factor that is not in the metadata
Grouping = Factor | Literal["confidence"]


def run_files(run: RunDir, *_asked: object) -> list[Path]:
    """The files whose change may change the run's predictions under a decision."""
    return [run.predictions_path, run.split_path, run.config_path]


def _group_files(run: RunDir, dataset: Dataset | None, *_asked: object) -> list[Path]:
    return [*run_files(run), *resources.table_files(dataset)]


@kept(run_files, entries=16)
def decided(run: RunDir, decision: Decision) -> pd.DataFrame:
    """The predictions of all parts as a decision sees them; shared, so not to be changed.

    Raises:
        RunError: the run has no predictions or no split.
        DataError: the predictions cannot be used.
    """
    return decided_predictions(run, resources.predictions(run), decision)


def part_rows(run: RunDir, part: HeldOutPart, decision: Decision) -> pd.DataFrame:
    """The predictions of one part as a decision sees them.

    Raises:
        RunError: the run has no predictions or no split.
        DataError: the predictions cannot be used.
    """
    table = decided(run, decision)
    return table[table["part"] == part]


@kept(run_files, entries=64, copied=True)
def scores(run: RunDir, part: HeldOutPart, decision: Decision, codes: tuple[str, ...]) -> pd.DataFrame:
    """The `lesion_scores` of one part."""
    return lesion_scores(part_rows(run, part, decision), codes)


@kept(run_files, entries=64, copied=True)
def reliability(run: RunDir, part: HeldOutPart, code: str | None) -> pd.DataFrame:
    """The `reliability_with_intervals` of one part."""
    return reliability_with_intervals(part_rows(run, part, "as-data"), code)


@kept(_group_files, entries=64)
def _groups(
    run: RunDir, dataset: Dataset | None, part: HeldOutPart, decision: Decision, factor: Grouping
) -> tuple[pd.Series, list[str]]:
    rows = part_rows(run, part, decision)
    if factor == CONFIDENCE:
        groups, named = confidence_bands(rows), list(CONFIDENCE_BANDS)
    elif dataset is None:
        raise DataError(f"What is known of the images of {run.name} is no longer here.", "Import its data set again.")
    else:
        factors = resources.factors(dataset)
        groups = factors[factor].astype(object).reindex(rows["image_id"]).fillna(NOT_RECORDED).set_axis(rows.index)
        named = levels(groups.to_frame(factor), factor)
    present = set(groups)
    return groups, [level for level in named if level in present]


def groups(run: RunDir, dataset: Dataset | None, part: HeldOutPart, decision: Decision, factor: Grouping) -> pd.Series:
    """The group of each image of one part, on the index of `part_rows`; shared, so not to be changed."""
    return _groups(run, dataset, part, decision, factor)[0]


@kept(_group_files, entries=256, copied=True)
def subgroups(
    run: RunDir, dataset: Dataset | None, part: HeldOutPart, decision: Decision, factor: Grouping, figure: Figure,
    codes: tuple[str, ...],
) -> pd.DataFrame:
    """The `subgroup_table` of one part by a factor of `data.tables` or CONFIDENCE; shared, so not to be changed."""
    named = _groups(run, dataset, part, decision, factor)
    return subgroup_table(part_rows(run, part, decision), *named, figure, codes)


def lesion_prevalence(dataset: Dataset, codes: tuple[str, ...]) -> tuple[int, int]:
    """How many of the data set's lesions have one of these diagnoses, and how many it has."""
    metadata = resources.metadata(dataset)
    return metadata.loc[metadata["dx"].isin(codes), "lesion_id"].nunique(), dataset.lesions
