"""The network behind a run over all its images once more: embeddings, neighbours, the map, and what flips it.

Embeddings are kept chunk by chunk until the work is done, so that what a stop or a kill leaves is used the next time.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.data.cache import open_pixels
from pipeline.data.dataset import Dataset, list_datasets, load_dataset
from pipeline.data.prepare import window
from pipeline.errors import DataError
from pipeline.explain.image_map import image_map
from pipeline.explain.neighbours import nearest_lesions
from pipeline.explain.perturb import NAMED, Perturbation, perturb
from pipeline.files.disk import disk_errors, write_json
from pipeline.files.row_store import RowKind, RowStore
from pipeline.files.workspace import Workspace
from pipeline.inference.classifier import open_classifier
from pipeline.inference.cross_validated import answers
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.metrics.lesion_answers import FlipShare, flip_share
from pipeline.models.library import model_behind
from pipeline.models.model_info import ModelInfo
from pipeline.models.trained_on import trained_on
from pipeline.models.weights_files import answers_digest
from pipeline.progress import Cancelled
from pipeline.runs.reporter import COST, Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import Work

Prepared = Callable[[str], np.ndarray]
_BATCH, _CHUNK = 32, 512
_KIND: Work = "validating"  # what an image costs, as the reporter counts
_COLUMNS = ["image_id", "lesion_id", "dx"]


class _TrainingLesions(NamedTuple):
    """The data set that has them, None where none does, and its images: image_id, lesion_id, dx."""

    dataset: Dataset | None
    images: pd.DataFrame


class _Look:
    """The network, and how it is shown images."""

    def __init__(self, run: RunDir, workspace: Workspace, info: ModelInfo, reporter: Reporter, images: int):
        self._reporter, self._config, self._own = reporter, run.config(), run.capabilities().has_model
        self._stores = run.folder / "embedding" / "rows"
        self._answers = answers_digest(workspace, info)
        self.classifier = open_classifier(workspace, info)
        reporter.expect(images * COST[_KIND])

    def say(self, sentence: str) -> None:
        self._reporter.say(sentence)

    def prepared(self, dataset: Dataset) -> Prepared:
        """The data set's images as the network sees them: uint8 (height, width, 3) by image_id."""
        return self._cached(dataset) if self._own else prepared_images(self.classifier, dataset)

    def _cached(self, dataset: Dataset) -> Prepared:
        """Out of the pixels that a training run trained on."""
        config, reporter = self._config, self._reporter
        size = config.height, config.width
        pixels = open_pixels(dataset, *size, config.resize, reporter.watch, reporter.note)
        row = {image_id: number for number, image_id in enumerate(dataset.metadata()["image_id"])}
        return lambda image_id: window(pixels.pixels(row[image_id]), *size)

    def batches(
        self, image_ids: pd.Series, prepared: Prepared, sentence: str, times: int = 1
    ) -> Iterator[list[np.ndarray]]:
        """Some prepared images at a time; told as `times` as much work once the next are asked for."""
        for start in range(0, len(image_ids), _BATCH):
            if self._reporter.stop_asked():
                raise Cancelled()
            ids = image_ids.iloc[start : start + _BATCH]
            yield [prepared(image_id) for image_id in ids]
            self._reporter.worked(times * len(ids), _KIND, sentence)

    def embeddings(self, image_ids: pd.Series, dataset: Dataset, part: str) -> np.ndarray:
        """(N, K) float32 of images of a data set, mapped from a file that is kept until `forget`.

        Args:
            part: a name of these images, for the file.
        """
        network, sentence = self.classifier, "Embeds the images."
        assert isinstance(network, Predictor), "a mean of models has no embedding"
        if image_ids.empty:
            return np.empty((0, 0), dtype=np.float32)
        prepared = self.prepared(dataset)
        size = network.embedding(np.stack([prepared(image_ids.iloc[0])])).shape[1]
        ids = hashlib.sha256("\n".join(image_ids).encode("utf-8", "surrogatepass")).hexdigest()
        key = {"data": dataset.content_hash, "model": self._answers, "images": ids}
        kinds = {"embedding": RowKind("<f4", (size,))}
        store = RowStore(self._stores / part, key, len(image_ids), kinds, _CHUNK, self._reporter.watch)
        missing = store.missing()
        self._reporter.worked(len(image_ids) - sum(rows.stop - rows.start for rows in missing), _KIND, sentence)
        for rows in missing:
            batches = self.batches(image_ids.iloc[rows], prepared, sentence)
            store.write(rows, embedding=np.concatenate([network.embedding(np.stack(images)) for images in batches]))
        return store.array("embedding")

    def forget(self) -> None:
        """Takes away what was kept to go on from."""
        shutil.rmtree(self._stores, ignore_errors=True)

    def probabilities(self, judged: pd.DataFrame, prepared: Prepared) -> dict[str, np.ndarray]:
        """(N, C) by name of NAMED for the images after each change, and for the untouched ones as "untouched"; where
        `judged` has fold, each of the network of a cross-validation that judged the image.
        """
        networks = judged["fold"].tolist() if "fold" in judged else [None] * len(judged)
        changes = {"untouched": Perturbation(), **{name: change for name, (_, change) in NAMED.items()}}
        told: dict[str, list[np.ndarray]] = {name: [] for name in changes}
        sentence = "Asks for the output on every image, untouched and changed."
        for images in self.batches(judged["image_id"], prepared, sentence, len(changes)):
            own, networks = networks[: len(images)], networks[len(images) :]
            for name, change in changes.items():
                if self._reporter.stop_asked():
                    raise Cancelled()
                changed = [perturb(image, change) for image in images]
                told[name].append(answers(self.classifier, changed, own))
        return {name: np.concatenate(parts) for name, parts in told.items()}


def embed_run(run: RunDir, workspace: Workspace, reporter: Reporter) -> None:
    """Writes `embeddings.npz` (image_id, part, float16 embedding), `neighbours.parquet` (with `data`, the data set of
    the neighbours), `map.parquet` (image_id, x, y) and `what_if.json` (`FlipShare` by name of perturbation, of the
    validation part, else of all held-out images).

    A mean, of models or of a cross-validation's networks, has no embedding of its own: of it only `what_if.json` is
    written. Without the training images there are no neighbours.

    Raises:
        Cancelled: a stop was asked for.
        DataError: the data set is gone, has changed or lost images.
        ModelError: the model cannot be read.
    """
    config = run.config()
    dataset = load_dataset(workspace, config.data)
    if dataset.content_hash != config.data_hash:
        raise DataError(f"The data set {config.data} has changed since the run {run.name}.", "Start a new run on it.")
    info = model_behind(workspace, run)
    judged_by = run.predictions()
    columns = ["image_id", "lesion_id", "part", "truth", *judged_by.columns.intersection(["fold"])]
    held_out = judged_by[columns].rename(columns={"truth": "dx"})
    judged = held_out[held_out["part"] == "validation"]
    judged = (judged if len(judged) else held_out).reset_index(drop=True)
    training = None if info.is_mean else _training_lesions(workspace, run, info)
    work = (len(NAMED) + 1) * len(judged) + (len(held_out) + len(training.images) if training else 0)
    look = _Look(run, workspace, info, reporter, work)
    if training:
        _embed(run, look, held_out, dataset, training)
    write_json(run.what_if_path, _flip_shares(look, judged, look.prepared(dataset)))
    look.forget()


def _embed(run: RunDir, look: _Look, held_out: pd.DataFrame, dataset: Dataset, training: _TrainingLesions) -> None:
    """Everything that needs embeddings; of neighbours of an earlier job none are left where there are none now."""
    mine = look.embeddings(held_out["image_id"], dataset, "held_out")
    learnt, theirs, neighbours = training.images.assign(part="train"), mine[:0], None
    if training.dataset is not None and len(learnt):
        theirs = look.embeddings(learnt["image_id"], training.dataset, "training")
        look.say("Looks for the nearest training lesions.")
        neighbours = nearest_lesions(held_out, mine, learnt, theirs).assign(data=training.dataset.name)
    look.say("Draws the map.")
    places = image_map(mine, run.config().seed)
    with disk_errors(run.folder):
        _save(run.embeddings_path, pd.concat([held_out, learnt], ignore_index=True), np.concatenate([mine, theirs]))
        if neighbours is None:
            run.neighbours_path.unlink(missing_ok=True)
        else:
            neighbours.to_parquet(run.neighbours_path, index=False)
        table = pd.DataFrame({"image_id": held_out["image_id"], "x": places[:, 0], "y": places[:, 1]})
        table.to_parquet(run.map_path, index=False)


def _flip_shares(look: _Look, judged: pd.DataFrame, prepared: Prepared) -> dict[str, FlipShare]:
    truths = judged["dx"].map(look.classifier.info.classes.index).to_numpy(dtype=np.int64)
    told = look.probabilities(judged, prepared)
    return {name: flip_share(told["untouched"], told[name], judged["lesion_id"], truths) for name in NAMED}


def _save(path: Path, images: pd.DataFrame, embeddings: np.ndarray) -> None:
    np.savez_compressed(
        path, image_id=images["image_id"].to_numpy(dtype=str), part=images["part"].to_numpy(dtype=str),
        embedding=embeddings.astype(np.float16),
    )


def _training_lesions(workspace: Workspace, run: RunDir, info: ModelInfo) -> _TrainingLesions:
    """A training run's own training part; of an evaluation those images of the one data set here that has most of what
    the model was trained on, told by their content.

    Raises:
        DataError: a training run's data set is gone.
    """
    if run.capabilities().has_model:
        split = run.split()
        images = split.loc[split["part"] == "train", _COLUMNS].reset_index(drop=True)
        return _TrainingLesions(load_dataset(workspace, run.config().data), images)
    contents = set(trained_on(workspace, info).images["sha256"].dropna())
    best = _TrainingLesions(None, pd.DataFrame(columns=_COLUMNS))
    for dataset in list_datasets(workspace):
        table = dataset.metadata()
        images = table.loc[table["sha256"].isin(contents), _COLUMNS].reset_index(drop=True)
        if len(images) > len(best.images):
            best = _TrainingLesions(dataset, images)
    return best
