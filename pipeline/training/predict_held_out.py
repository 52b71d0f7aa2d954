"""After training: predictions and heatmaps of all held-out images, stored once, and the model's files."""

import time
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import save

from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset
from pipeline.data.prepare import window
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.evaluation.evidence_store import keep_evidence
from pipeline.files.disk import disk_errors, replace_file
from pipeline.inference.network_parts import parts_of
from pipeline.inference.predictor import Predictor
from pipeline.metrics.class_priors import class_priors
from pipeline.metrics.predictions_table import class_indices, with_probabilities
from pipeline.models.model_info import ExtraImages, ModelInfo, write_model_info
from pipeline.models.training_images import write_training_images
from pipeline.progress import Cancelled
from pipeline.runs.results import PartFigures
from pipeline.training.extra_images import Extra
from pipeline.training.training import Training

_BATCH = 32


def _extra_images(extra: Extra | None) -> ExtraImages | None:
    """What a model's description says of the run's extra images."""
    if extra is None:
        return None
    joins, other = extra.joins, extra.dataset
    return ExtraImages(
        other.name, other.content_hash, len(joins), int(joins["lesion_id"].nunique()), other.licence, other.attribution,
        {str(reason): int(n) for reason, n in extra.table["left_out"].value_counts().items()},
    )


def _each(texts: list[str]) -> str:
    """Each text once."""
    return "; ".join(dict.fromkeys(texts))


def model_info(training: Training, figures: PartFigures | None = None) -> ModelInfo:
    """The description of the model that the training makes; `figures` are those of its validation part."""
    run, config, dataset = training.run, training.config, training.data.dataset
    train = training.data.split[training.data.split["part"] == "train"]
    priors, extra = class_priors(train["dx"]), _extra_images(training.data.extra)
    return described_model(
        config, dataset, None if training.data.extra is None else training.data.extra.dataset, name=run.name,
        folder=run.model, run=run.name, training_images=len(train) + (extra.images if extra else 0),
        training_lesions=int(train["lesion_id"].nunique()) + (extra.lesions if extra else 0), extra=extra,
        validation=figures, training_frequencies=priors if set(priors) == set(dataset.classes) else None,
    )


def described_model(config: RunConfig, dataset: Dataset, extra_dataset: Dataset | None, **fields: Any) -> ModelInfo:
    """A description with all that the configuration and the data sets decide, and the other `fields`."""
    sources = [dataset] if extra_dataset is None else [dataset, extra_dataset]
    return ModelInfo(
        classes=tuple(dataset.classes), data=dataset.name, data_hash=dataset.content_hash, generated=dataset.generated,
        arch=config.arch, weights=config.weights, width=config.width, height=config.height, resize=config.resize,
        normalize=config.normalize, loss=config.loss, split=config.split, created=time.time(),
        licence=_each([of.licence for of in sources]), attribution=_each([of.attribution for of in sources]),
        flips=config.flips, mean=config.mean, std=config.std, view=config.view, head=config.head,
        # what is told of whole images stays as older versions left it: they are only scaled to the input
        detail=dataset.copy_size() if config.view == "square" else None, **fields,
    )


def open_predictor(training: Training) -> Predictor:
    """The network as it is now, as a classifier; its images go the way of an upload."""
    info = model_info(training)
    return Predictor(info, parts_of(info, training.network, training.device))


def predict_held_out(training: Training) -> None:
    """Writes `predictions.parquet` and `heatmaps.npz` of the validation and test parts, and `results.json`.

    Raises:
        Cancelled: a stop was asked for.
    """
    run, config, (dataset, split, _, pixels, _) = training.run, training.config, training.data
    reporter, predictor = training.reporter, open_predictor(training)
    row_of = {image_id: row for row, image_id in enumerate(dataset.metadata()["image_id"])}
    held_out = split[split["part"] != "train"].reset_index(drop=True)
    truths = class_indices(held_out["dx"], dataset.classes)
    probabilities, predicted_maps, true_maps = [], [], []
    for start in range(0, len(held_out), _BATCH):
        if reporter.stop_asked():
            raise Cancelled()
        ids = held_out["image_id"].iloc[start : start + _BATCH]
        images = np.stack(
            [window(pixels.pixels(row_of[image_id]), config.height, config.width) for image_id in ids]
        )
        shares, predicted, true = predictor.predict_and_explain(
            images, truths[start : start + _BATCH], explaining=reporter.timed("explaining")
        )
        probabilities.append(shares)
        predicted_maps.append(predicted.astype(np.float16))
        true_maps.append(true.astype(np.float16))
        reporter.worked(len(ids), "judging", "Judges the held-out images and draws their heatmaps.")
    images = held_out[["part", "image_id", "lesion_id"]].assign(truth=held_out["dx"])
    table = with_probabilities(images, dataset.classes, np.concatenate(probabilities))
    with reporter.timed("writing"), disk_errors(run.predictions_path):
        table.to_parquet(run.predictions_path, index=False)
        np.savez_compressed(
            run.heatmaps_path, image_id=held_out["image_id"].to_numpy(dtype=str),
            predicted=np.concatenate(predicted_maps), truth=np.concatenate(true_maps),
        )
    keep_evidence(run, dataset)
    evaluate_run(run)


def write_model(training: Training) -> None:
    """Writes `model/model.safetensors`, the list of training images, then `model/model.json`, which makes the model
    exist for readers.
    """
    run, (dataset, split, _, _, extra) = training.run, training.data
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in training.network.state_dict().items()}
    replace_file(run.model / "model.safetensors", save(state))
    trained, images = split.loc[split["part"] == "train", "image_id"], dataset.metadata()
    if extra is not None:
        own = images[images["image_id"].isin(trained)].assign(data=dataset.name)
        images = pd.concat([own, extra.joins.assign(data=extra.dataset.name)])
        trained = images["image_id"]
    write_training_images(run.model, images, trained)
    results = run.results()
    write_model_info(model_info(training, results["validation"] if results else None))
