"""A finished run's network over all its images once more: embeddings, neighbours, the map, and what flips it."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data.cache import open_pixels
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.prepare import window
from pipeline.errors import DataError
from pipeline.evaluation.flips import FlipShare, flip_share
from pipeline.explain.embedding_map import embedding_map
from pipeline.explain.neighbours import nearest_lesions
from pipeline.explain.perturb import NAMED, Perturbation, perturb
from pipeline.files import disk_errors, write_json
from pipeline.inference.model_info import read_model_info
from pipeline.inference.predictor import Predictor
from pipeline.jobs.embedding import EMBEDDINGS, MAP, NEIGHBOURS, WHAT_IF
from pipeline.jobs.reporter import COST, Reporter
from pipeline.jobs.run_dir import RunDir
from pipeline.progress import Cancelled
from pipeline.workspace import Workspace

_BATCH = 32
_KIND = "validating"  # what an image costs, as the reporter counts


class _Seen:
    """The images of a data set as a run's network sees them, and the network."""

    def __init__(self, run: RunDir, dataset: Dataset, workspace: Workspace, reporter: Reporter, images: int):
        config = run.config()
        self._reporter, self._size = reporter, (config.height, config.width)
        self.predictor = Predictor(read_model_info(run.model, run.name))
        self.predictor.use_onnx(workspace, images, self._watch)
        self._pixels = open_pixels(
            dataset, config.height, config.width, config.resize, self._watch, reporter.note
        )
        self._row = {image_id: row for row, image_id in enumerate(dataset.metadata()["image_id"])}

    def _watch(self, fraction: float | None, sentence: str) -> None:
        if self._reporter.stop_asked():
            raise Cancelled()
        self._reporter.say(sentence)

    def batches(self, image_ids: pd.Series, sentence: str):
        """(N, height, width, 3) uint8 at a time; told as work that was done once the next is asked for."""
        for start in range(0, len(image_ids), _BATCH):
            if self._reporter.stop_asked():
                raise Cancelled()
            ids = image_ids.iloc[start : start + _BATCH]
            yield np.stack([window(self._pixels.pixels(self._row[image_id]), *self._size) for image_id in ids])
            self._reporter.worked(len(ids), _KIND, sentence)

    def embeddings(self, image_ids: pd.Series) -> np.ndarray:
        """(N, K) float32."""
        batches = self.batches(image_ids, "Embeds the images.")
        return np.concatenate([self.predictor.embedding(images) for images in batches])

    def probabilities(self, image_ids: pd.Series, change: Perturbation, words: str) -> np.ndarray:
        """(N, C) for the images after `change`."""
        batches = self.batches(image_ids, f"Asks for the output on every image {words}.")
        return np.concatenate([
            self.predictor.probabilities(np.stack([perturb(image, change) for image in images])) for images in batches
        ])


def embed_run(run: RunDir, workspace: Workspace, reporter: Reporter) -> None:
    """Writes `embeddings.npz` (image_id, part, float16 embedding), `neighbours.parquet`, `map.parquet` (image_id, x, y)
    and `what_if.json` (`FlipShare` by name of perturbation, of the validation part, else of all held-out images).

    Raises:
        Cancelled: a stop was asked for.
        DataError: the data set is gone, has changed or lost images.
        ModelError: the run's model cannot be read.
    """
    config = run.config()
    dataset = load_dataset(workspace, config.data)
    if dataset.content_hash != config.data_hash:
        raise DataError(f"The data set {config.data} has changed since the run {run.name}.", "Start a new run on it.")
    split = run.split()
    held_out = run.predictions()[["image_id", "lesion_id", "part", "truth"]].rename(columns={"truth": "dx"})
    training = split.loc[split["part"] == "train", ["image_id", "lesion_id", "part", "dx"]].reset_index(drop=True)
    judged = held_out[held_out["part"] == "validation"]
    judged = (judged if len(judged) else held_out).reset_index(drop=True)
    work = len(held_out) + len(training) + (len(NAMED) + 1) * len(judged)
    seen = _Seen(run, dataset, workspace, reporter, work)
    reporter.expect(work * COST[_KIND])
    everything = pd.concat([held_out, training], ignore_index=True)
    embeddings = seen.embeddings(everything["image_id"])
    n = len(held_out)
    reporter.say("Looks for the nearest training lesions.")
    neighbours = nearest_lesions(held_out, embeddings[:n], training, embeddings[n:])
    reporter.say("Draws the map.")
    places = embedding_map(embeddings[:n], config.seed)
    shares = _flip_shares(seen, judged)
    with disk_errors(run.folder):
        _save(run.folder / EMBEDDINGS, everything, embeddings)
        neighbours.to_parquet(run.folder / NEIGHBOURS, index=False)
        table = pd.DataFrame({"image_id": held_out["image_id"], "x": places[:, 0], "y": places[:, 1]})
        table.to_parquet(run.folder / MAP, index=False)
    write_json(run.folder / WHAT_IF, shares)


def _flip_shares(seen: _Seen, judged: pd.DataFrame) -> dict[str, FlipShare]:
    classes = seen.predictor.info.classes
    truths = judged["dx"].map(classes.index).to_numpy(dtype=np.int64)
    before = seen.probabilities(judged["image_id"], Perturbation(), "untouched")
    return {
        name: flip_share(before, seen.probabilities(judged["image_id"], change, words), judged["lesion_id"], truths)
        for name, (words, change) in NAMED.items()
    }


def _save(path: Path, images: pd.DataFrame, embeddings: np.ndarray) -> None:
    np.savez_compressed(
        path, image_id=images["image_id"].to_numpy(dtype=str), part=images["part"].to_numpy(dtype=str),
        embedding=embeddings.astype(np.float16),
    )
