"""Cached loaders of prediction sets: what a model's are ranked among, and how well those of a run cover."""

from pathlib import Path

import pandas as pd

from app.loaders import resources
from app.loaders.evaluation_rows import groups, part_rows, run_files
from app.loaders.file_cache import kept
from pipeline.data.dataset import Dataset
from pipeline.metrics.set_coverage import set_coverage
from pipeline.metrics.surest import surest_lesions
from pipeline.models.held_out import source_run
from pipeline.models.model_info import ModelInfo
from pipeline.models.prediction_sets import ModelSets, model_sets
from pipeline.models.weights_files import weights_paths
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import Decision, HeldOutPart


def _files(info: ModelInfo) -> list[Path]:
    run = source_run(resources.workspace(), info)
    told = [info.folder / "model.json", *weights_paths(resources.workspace(), info)]
    return told if run is None else [*told, *run_files(run)]


@kept(_files, entries=8)
def sets_of(info: ModelInfo) -> ModelSets:
    """What gives the model's prediction sets; shared, so not to be changed.

    Raises:
        ModelError, RunError, WorkspaceError: it has none, see `model_sets`.
    """
    return model_sets(resources.workspace(), info)


def _coverage_files(run: RunDir, dataset: Dataset | None, *_asked: object) -> list[Path]:
    return [*run_files(run), *resources.table_files(dataset)]


@kept(_coverage_files, entries=16, copied=True)
def coverage(run: RunDir, dataset: Dataset | None, part: HeldOutPart, decision: Decision) -> pd.DataFrame:
    """The `set_coverage` of one part, by image source where the data set is here."""
    sources = None if dataset is None else groups(run, dataset, part, decision, "source")
    return set_coverage(part_rows(run, part, decision), sources)


@kept(run_files, entries=16, copied=True)
def surest(run: RunDir, part: HeldOutPart, decision: Decision) -> pd.DataFrame:
    """The `surest_lesions` of one part."""
    return surest_lesions(part_rows(run, part, decision))
