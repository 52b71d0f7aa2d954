"""A small cross-validation, really trained, and the model of its networks: five, with a linear head, of tiny images."""

import dataclasses
import hashlib

import numpy as np
import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.files.disk import replace_file
from pipeline.files.workspace import Workspace
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.metrics.class_priors import class_priors
from pipeline.models.model_info import FoldNetwork, ModelInfo, read_model_info, write_model_info
from pipeline.models.recognition import image_hash
from pipeline.models.training_images import write_training_images
from pipeline.runs.plan import create, plan_config

SETTINGS = ["weights=random", "size=64x64", "batch_size=16", "epochs=0,1", "head=linear", "split=lesion", "keep=last",
            "loss=balanced_softmax"]
FOLDS = 5


def train_folds(workspace: Workspace, dataset: Dataset) -> list:
    """A finished run for each fold."""
    from pipeline.jobs.job_worker import work

    runs = []
    for fold in range(FOLDS):  # each made when it is its turn: one that waits without a process counts as broken off
        run = create(workspace, plan_config(workspace, dataset.name, "demo", [*SETTINGS, f"fold={fold}"]))
        status = work(run, workspace)
        assert status.state == "done", status.error
        runs.append(run)
    return runs


def make_model(workspace: Workspace, dataset: Dataset, runs: list, name: str = "cv") -> ModelInfo:
    """The model of the runs' networks under `models`: 16-bit weights, and for each a temperature of its own."""
    from safetensors.numpy import load_file, save

    folder, metadata = workspace.models / name, dataset.metadata()
    networks, left_out = [], pd.Series(np.nan, index=metadata["image_id"])
    for fold, run in enumerate(runs):
        weights = {key: value.astype(np.float16) if value.dtype == np.float32 else value
                   for key, value in load_file(run.model / "model.safetensors").items()}
        content = save(weights)
        replace_file(folder / f"fold{fold}.safetensors", content)
        networks.append(FoldNetwork(f"fold{fold}.safetensors", hashlib.sha256(content).hexdigest(), 0.8 + 0.1 * fold))
        split = run.split()
        left_out[split.loc[split["part"] == "validation", "image_id"]] = fold
    trained = read_model_info(runs[0].model, runs[0].name)
    info = dataclasses.replace(
        trained, name=name, folder=folder, run=", ".join(run.name for run in runs), folds=tuple(networks),
        frequencies=class_priors(metadata["dx"]), training_images=len(metadata), validation=None,
        training_lesions=int(metadata["lesion_id"].nunique()),
    )
    prepared = prepared_images(Predictor(info.of_fold(0)), dataset)
    listed = metadata.assign(
        fold=metadata["image_id"].map(left_out),
        perceptual_hash=[image_hash(prepared(image_id)) for image_id in metadata["image_id"]],
    )
    write_training_images(folder, listed, listed["image_id"])
    write_model_info(info)
    return info


def relist(info: ModelInfo, table: pd.DataFrame) -> None:
    """Gives the model another list of training images."""
    write_training_images(info.folder, table, table["image_id"])
    write_model_info(dataclasses.replace(info, training_images=len(table)))
