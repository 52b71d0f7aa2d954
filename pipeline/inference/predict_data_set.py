"""The work of an evaluation: a model's output and heatmaps for each image of a data set that may judge it.

They are kept chunk by chunk in the run's folder until all are there, so that however many images there are, a chunk is
in memory, and an evaluation that was broken off goes on.
"""

import dataclasses
import itertools
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
from pipeline.files.row_store import RowKind, RowStore
from pipeline.files.workspace import Workspace
from pipeline.images.reading import opened
from pipeline.inference.classifier import Classifier, Explained, open_classifier
from pipeline.inference.cross_validated import alone, recognise
from pipeline.inference.evaluation_plan import PART
from pipeline.metrics.predictions_table import class_indices, with_probabilities
from pipeline.models.model_info import ModelInfo, find_model, write_model_info
from pipeline.models.weights_files import answers_digest
from pipeline.networks.device import Device, torch_device
from pipeline.number_words import count
from pipeline.progress import Cancelled
from pipeline.runs.reporter import COST, Reporter
from pipeline.runs.run_dir import RunDir

_BATCH, _CHUNK = 16, 256
_THREADS = min(4, os.cpu_count() or 1)
_JUDGES = "Judges the images and draws their heatmaps."


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
    key = {"data": dataset.content_hash, "model": answers_digest(workspace, info)}
    judged = _judged(run, classifier, dataset, split, reporter, key)
    if seen := int(judged.array("seen").sum(dtype=np.int64)):
        reporter.note(f"{count(seen, 'image')} of {len(split):,} look the same as images that networks of {info.name} "
                      "were trained on, under other ids: the figures are too good.")
    with reporter.timed("writing"), disk_errors(run.predictions_path):
        table = _table(split, info, judged.array("probabilities"))
        table.to_parquet(run.predictions_path, index=False)
        np.savez_compressed(
            run.heatmaps_path, image_id=table["image_id"].to_numpy(dtype=str), predicted=judged.array("predicted"),
            truth=judged.array("truth"),
        )
    keep_evidence(run, dataset)
    results = evaluate_run(run)
    if info.members and info.data_hash == dataset.content_hash:
        write_model_info(dataclasses.replace(info, validation=results[PART]))


def _table(split: pd.DataFrame, info: ModelInfo, probabilities: np.ndarray) -> pd.DataFrame:
    images = split[["part", "image_id", "lesion_id", *split.columns.intersection(["fold"])]].assign(truth=split["dx"])
    return with_probabilities(images, info.classes, np.asarray(probabilities))


def _judged(
    run: RunDir, classifier: Classifier, dataset: Dataset, split: pd.DataFrame, reporter: Reporter, key: dict[str, str]
) -> RowStore:
    """In the order of `split`: `probabilities` (N, C) float32; `predicted` and `truth` (N, h, w) float16, the heatmaps
    for the predicted and the true diagnosis; `seen` (N,), 1 for an image that looks like a training image."""
    truths = class_indices(split["dx"], classifier.info.classes)
    folds = split["fold"].to_numpy() if "fold" in split else None
    batches = _Batches(classifier, dataset, split["image_id"].tolist())
    with reporter.timed("judging"):
        first = _explained(classifier, batches.of(slice(0, 1)), truths[:1], None if folds is None else folds[:1],
                           reporter)
        grid = RowKind("<f2", first.predicted.shape[1:])
        kinds = {"probabilities": RowKind("<f4", (len(classifier.info.classes),)), "predicted": grid, "truth": grid,
                 "seen": RowKind("u1")}
        store = RowStore(run.judged_path, key, len(split), kinds, _CHUNK, reporter.watch)
        missing = store.missing()
        done = len(split) - sum(rows.stop - rows.start for rows in missing)
        reporter.expect(len(split) * COST["judging"], done * COST["judging"])
        for chunk in missing:
            found: list[Explained] = []
            seen: list[bool] = []
            for rows, images in batches.within(chunk):
                if reporter.stop_asked():
                    raise Cancelled()
                found.append(_explained(classifier, images, truths[rows], None if folds is None else folds[rows],
                                        reporter))
                ids = split["image_id"].iloc[rows]
                seen += [folds is None and recognise(classifier, *one) is not None
                         for one in zip(images, ids, strict=True)]
                reporter.worked(len(images), "judging", _JUDGES)
            together = (np.concatenate(one) for one in zip(*found, strict=True))
            store.write(chunk, **dict(zip(Explained._fields, together, strict=True)), seen=np.array(seen))
    return store


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


class _Batches:
    """The images of a data set by their place in `ids`, as the classifier wants them."""

    def __init__(self, classifier: Classifier, dataset: Dataset, ids: list[str]):
        self._prepared, self._ids = prepared_images(classifier, dataset), ids

    def of(self, rows: slice) -> list[np.ndarray]:
        return [self._prepared(image_id) for image_id in self._ids[rows]]

    def within(self, rows: slice) -> Iterator[tuple[slice, list[np.ndarray]]]:
        """A batch after the other, and which it is; one is opened ahead."""
        spans = [slice(at, min(at + _BATCH, rows.stop)) for at in range(rows.start, rows.stop, _BATCH)]
        with ThreadPoolExecutor(_THREADS) as pool:
            ahead = pool.map(self._prepared, self._ids[spans[0]])
            for span, following in itertools.zip_longest(spans, spans[1:]):
                batch = ahead
                if following is not None:
                    ahead = pool.map(self._prepared, self._ids[following])
                yield span, list(batch)
