"""The images that a run's network learnt from, as far as a data set here has them. Needs no torch."""

from typing import NamedTuple

import pandas as pd

from pipeline.data.dataset import Dataset, list_datasets, load_dataset
from pipeline.models.model_info import ModelInfo
from pipeline.models.trained_on import trained_on
from pipeline.runs.run_dir import RunDir
from pipeline.workspace import Workspace

COLUMNS = ["image_id", "lesion_id", "dx"]


class TrainingLesions(NamedTuple):
    """The data set that has them, None where none does, and its images: COLUMNS."""

    dataset: Dataset | None
    images: pd.DataFrame


def training_lesions(workspace: Workspace, run: RunDir, info: ModelInfo) -> TrainingLesions:
    """A training run's own training part; of an evaluation those images of the one data set here that has most of what
    the model was trained on, told by their content.

    Raises:
        DataError: a training run's data set is gone.
    """
    if not run.evaluation():
        split = run.split()
        images = split.loc[split["part"] == "train", COLUMNS].reset_index(drop=True)
        return TrainingLesions(load_dataset(workspace, run.config().data), images)
    contents = set(trained_on(workspace, info).images["sha256"].dropna())
    best = TrainingLesions(None, pd.DataFrame(columns=COLUMNS))
    for dataset in list_datasets(workspace):
        table = dataset.metadata()
        images = table.loc[table["sha256"].isin(contents), COLUMNS].reset_index(drop=True)
        if len(images) > len(best.images):
            best = TrainingLesions(dataset, images)
    return best
