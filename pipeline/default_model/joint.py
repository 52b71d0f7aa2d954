"""Networks of finished runs side by side, asked before there is a model of them."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.files.workspace import Workspace
from pipeline.images.reading import open_image
from pipeline.inference.predictor import Predictor, load_network
from pipeline.metrics.class_priors import at_training_priors, prior_vector
from pipeline.metrics.predictions_table import with_probabilities
from pipeline.models.model_info import read_model_info
from pipeline.networks.side_by_side import side_by_side
from pipeline.runs.run_dir import RunDir

_BATCH = 64


def joint_predictor(models: Sequence[Path]) -> Predictor:
    """The networks in the folders `models`, all of one recipe, side by side, with the first one's preparation.

    Raises:
        ModelError: a model is missing or damaged.
    """
    infos = [read_model_info(folder, folder.parent.name) for folder in models]
    return Predictor(
        dataclasses.replace(infos[0], networks=len(infos)), side_by_side([load_network(info) for info in infos])
    )


def joint_predictions(
    workspace: Workspace, runs: Sequence[RunDir], dataset: Dataset, frequencies: dict[str, float]
) -> pd.DataFrame:
    """What networks side by side say of the validation images that all of them left out, at `frequencies`.

    Args:
        runs: finished ones of one recipe on one split.
        frequencies: share of each diagnosis.

    Returns:
        As `run_predictions`.

    Raises:
        ModelError: a model is missing or damaged.
        ImageError: an image cannot be read.
    """
    predictor = joint_predictor([run.model for run in runs])
    table = runs[0].predictions()
    table = table[table["part"] == "validation"].reset_index(drop=True)
    predictor.use_onnx(workspace, len(table))
    files = dataset.metadata().set_index("image_id")["file"].reindex(table["image_id"])
    parts = []
    for start in range(0, len(files), _BATCH):
        images = [
            predictor.prepare(open_image(dataset.image_path(file), file)) for file in files[start : start + _BATCH]
        ]
        parts.append(predictor.probabilities(images))
    classes, info = list(predictor.info.classes), predictor.info
    probabilities = at_training_priors(np.concatenate(parts), prior_vector(frequencies, info.classes), info.loss)
    return with_probabilities(table, classes, probabilities)
