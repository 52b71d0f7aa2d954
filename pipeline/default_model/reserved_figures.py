"""What the five networks and their mean reach on the reserved images of another data set, which joined no training."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.data.reserved import reserved_images
from pipeline.errors import DataError
from pipeline.inference.evaluation_plan import find_overlap
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.metrics.conformal import HeldOutScores, by_fold
from pipeline.metrics.decision_figures import decision_figures
from pipeline.metrics.predictions_table import with_probabilities
from pipeline.metrics.sets_judged import judged_sets
from pipeline.models.model_info import ModelInfo
from pipeline.models.training_images import training_images
from pipeline.progress import Progress, silent

_BATCH = 32


def reserved_figures(
    info: ModelInfo, dataset: Dataset, out_of_fold: pd.DataFrame, resamples: int = 1000, progress: Progress = silent
) -> dict[str, Any]:
    """Figures at the frequencies of the model's own training images, which need not be those of these images.

    Args:
        info: a description with folds.
        dataset: whose reserved images judge: those with a diagnosis of the model that share no id, content or lesion
            with a training image.
        out_of_fold: the networks' calibrated answers to the lesions that each left out, with `fold`.

    Returns:
        data, data_hash: the data set. images, lesions, diagnoses (images by code); left_out: how many reserved images
        were not judged. mean: `decision_figures` of the mean of the networks' calibrated probabilities, with intervals
        over lesions. networks: for each fold its `fold` and `overall`, the values alone. sets: `judged_sets` of all,
        each of which ranks among the lesions that it left out.

    Raises:
        DataError: none is reserved, none may judge, or the data set has lost an image.
        ModelError: weights, or the list of training images, are missing or damaged.
        Cancelled: by `progress`.
    """
    table = dataset.metadata()
    reserved = table[table["image_id"].isin(reserved_images(dataset))]
    if reserved.empty:
        raise DataError(f"No image of the data set {dataset.name} is reserved.",
                        f"Reserve some: data reserve {dataset.name}.")
    seen = find_overlap(reserved, training_images(info)).images["image_id"]
    judging = reserved[reserved["dx"].isin(info.classes) & ~reserved["image_id"].isin(seen)]
    judging = judging.reset_index(drop=True)
    if judging.empty:
        raise DataError(f"No reserved image of the data set {dataset.name} may judge the model {info.name}.",
                        "Leave it out.")
    images, frequencies = judging[["image_id", "lesion_id"]].assign(truth=judging["dx"]), info.frequencies or {}
    answers = _answers(info, dataset, judging["image_id"], progress)
    mean = with_probabilities(images, info.classes, answers.mean(axis=0))
    each = [decision_figures(with_probabilities(images, info.classes, of), frequencies, resamples=1) for of in answers]
    return {
        "data": dataset.name, "data_hash": dataset.content_hash, "left_out": len(reserved) - len(judging),
        "diagnoses": judging["dx"].value_counts().sort_index().to_dict(),
        "images": len(judging), "lesions": int(judging["lesion_id"].nunique()),
        "mean": decision_figures(mean, frequencies, resamples),
        "networks": [
            {"fold": fold, "overall": {key: figure.value for key, figure in of["overall"].items()}}
            for fold, of in enumerate(each)
        ],
        "sets": judged_sets(by_fold(HeldOutScores.of(out_of_fold), len(info.folds)), answers, images),
    }


def _answers(info: ModelInfo, dataset: Dataset, image_ids: pd.Series, progress: Progress) -> np.ndarray:
    """(networks, N, C) float64 calibrated probabilities of each network."""
    networks = [Predictor(info.of_fold(fold)) for fold in range(len(info.folds))]
    prepared, found = prepared_images(networks[0], dataset), []
    for start in range(0, len(image_ids), _BATCH):
        progress(start / len(image_ids), f"Asks the networks about the reserved images of {dataset.name}.")
        images = np.stack([prepared(image_id) for image_id in image_ids.iloc[start : start + _BATCH]])
        found.append(np.stack([network.probabilities(images) for network in networks]).astype(np.float64))
    return np.concatenate(found, axis=1)
