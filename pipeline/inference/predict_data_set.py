"""The work of an evaluation: a model's output and heatmaps for each image of a data set that may judge it."""

import dataclasses
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from pipeline.data.dataset import Dataset, load_dataset
from pipeline.errors import DataError, ImageError, RunError
from pipeline.evaluation.evaluate import evaluate_run
from pipeline.evaluation.evidence_store import keep_evidence
from pipeline.files.disk import disk_errors
from pipeline.files.workspace import Workspace
from pipeline.images.reading import opened
from pipeline.inference.classifier import Classifier, Explained, open_classifier
from pipeline.inference.cross_validated import alone, recognise
from pipeline.inference.evaluation_plan import PART
from pipeline.metrics.predictions_table import class_indices, with_probabilities
from pipeline.models.model_info import ModelInfo, find_model, write_model_info
from pipeline.networks.device import Device, torch_device
from pipeline.number_words import count
from pipeline.progress import Cancelled
from pipeline.runs.reporter import COST, Reporter
from pipeline.runs.run_dir import RunDir

_BATCH = 16
_THREADS = min(4, os.cpu_count() or 1)


def predict_data_set(run: RunDir, workspace: Workspace, reporter: Reporter, device: Device) -> None:
    """Writes `predictions.parquet`, `heatmaps.npz` and `results.json` of the evaluation `run`.

    The figures of a mean of models on its members' own data set stand with the model from then on.

    Raises:
        Cancelled: a stop was asked for.
        ModelError: the model is gone, or a member of it.
        DataError: the data set is gone, has changed, or has lost an image.
        RunError: the run is no evaluation.
    """
    config, about = run.config(), run.evaluation()
    if about is None:
        raise RunError(f"The run {run.name} is no evaluation.", "Compute its figures from its predictions.")
    dataset = load_dataset(workspace, config.data)
    if dataset.content_hash != config.data_hash:
        raise DataError(f"The data set {config.data} has changed since this evaluation was planned.",
                        "Start a new one.")
    info, split = find_model(workspace, about["model"]), run.split()
    classifier = open_classifier(workspace, info, torch_device(device, reporter.note))
    table, maps = _predictions(classifier, info, dataset, split, reporter)
    with reporter.timed("writing"), disk_errors(run.predictions_path):
        table.to_parquet(run.predictions_path, index=False)
        np.savez_compressed(
            run.heatmaps_path, image_id=table["image_id"].to_numpy(dtype=str), predicted=maps[0], truth=maps[1]
        )
    keep_evidence(run, dataset)
    results = evaluate_run(run)
    if info.members and info.data_hash == dataset.content_hash:
        write_model_info(dataclasses.replace(info, validation=results[PART]))


def _predictions(
    classifier: Classifier, info: ModelInfo, dataset: Dataset, split: pd.DataFrame, reporter: Reporter
) -> tuple[pd.DataFrame, tuple[np.ndarray, np.ndarray]]:
    """The table of predictions, and the heatmaps (N, h, w) float16 for the predicted and the true diagnosis."""
    truths = class_indices(split["dx"], info.classes)
    folds = split["fold"].to_numpy() if "fold" in split else None
    probabilities, predicted, true, seen = [], [], [], 0
    reporter.expect(len(split) * COST["judging"])
    with reporter.timed("judging"):
        for start, images in _batches(classifier, dataset, split["image_id"]):
            if reporter.stop_asked():
                raise Cancelled()
            rows = slice(start, start + len(images))
            found = _explained(classifier, images, truths[rows], None if folds is None else folds[rows], reporter)
            if folds is None:
                ids = split["image_id"].iloc[rows]
                seen += sum(recognise(classifier, *one) is not None for one in zip(images, ids, strict=True))
            probabilities.append(found.probabilities)
            predicted.append(found.predicted.astype(np.float16))
            true.append(found.truth.astype(np.float16))
            reporter.worked(len(images), "judging", "Judges the images and draws their heatmaps.")
    if seen:
        reporter.note(f"{count(seen, 'image')} of {len(split):,} look the same as images that networks of {info.name} "
                      "were trained on, under other ids: the figures are too good.")
    images = split[["part", "image_id", "lesion_id", *split.columns.intersection(["fold"])]].assign(truth=split["dx"])
    table = with_probabilities(images, info.classes, np.concatenate(probabilities))
    return table, (np.concatenate(predicted), np.concatenate(true))


def _explained(
    classifier: Classifier, images: list[np.ndarray], truths: np.ndarray, folds: np.ndarray | None, reporter: Reporter
) -> Explained:
    """What the classifier answers to images; with `folds` (N,) for each the network of that fold."""
    if folds is None:
        return classifier.predict_and_explain(images, truths, explaining=reporter.timed("explaining"))
    parts, order = [], np.argsort(folds, kind="stable")
    for fold in np.unique(folds):
        rows = np.flatnonzero(folds == fold)
        parts.append(alone(classifier, int(fold)).predict_and_explain(
            [images[row] for row in rows], truths[rows], explaining=reporter.timed("explaining")))
    back = np.argsort(order)
    return Explained(*(np.concatenate(of_folds)[back] for of_folds in zip(*parts, strict=True)))


def prepared_images(classifier: Classifier, dataset: Dataset) -> Callable[[str], np.ndarray]:
    """The images of a data set by their id, as the classifier wants them: uint8 (height, width, 3).

    What it gives raises a DataError for an image that the data set has lost.
    """
    files = dataset.metadata().set_index("image_id")["file"]

    def prepared(image_id: str) -> np.ndarray:
        try:
            with opened(dataset.image_path(files[image_id]), files[image_id]) as image:
                return classifier.prepare(image)
        except ImageError as error:
            raise DataError(f"The data set {dataset.name} has lost an image: {error.problem}",
                            "Import it again under the same name, which restores its images.") from error

    return prepared


def _batches(
    classifier: Classifier, dataset: Dataset, image_ids: pd.Series
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """The place of each batch's first image, and its images; one batch is opened ahead."""
    prepared, ids = prepared_images(classifier, dataset), image_ids.tolist()
    with ThreadPoolExecutor(_THREADS) as pool:
        ahead = [pool.submit(prepared, image_id) for image_id in ids[:_BATCH]]
        for start in range(0, len(ids), _BATCH):
            batch = ahead
            ahead = [pool.submit(prepared, image_id) for image_id in ids[start + _BATCH : start + 2 * _BATCH]]
            yield start, [image.result() for image in batch]
