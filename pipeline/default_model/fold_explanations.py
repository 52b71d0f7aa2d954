"""What a fold's network gives beside its predictions for the images that it left out: heatmaps, embeddings, the nearest
training lesions, and its answers to changed pictures. One file of arrays for each fold.

    image_id    (N,) the images that the fold holds out, in alphabetical order; the rows of all that follows
    predicted   (N, h, w) float16 heatmaps for the predicted diagnosis, in units of its logit
    truth       (N, h, w) float16 for the true one
    embedding   (N, D) float16: the first principal components of the fold's embeddings, D at most 64
    neighbour   (N, 2k) int32 places in the data set's ids in alphabetical order: the k nearest training lesions of the
                image's own diagnosis, then the k of others, each by its nearest image; -1 where there are fewer
    similarity  (N, 2k) float16 of those, the cosine of the whole embeddings, -1..1
    change      (P,) the names of `perturb.NAMED`
    changed     (N, P, C) float16 probabilities of the changed pictures, at the data's frequencies, not calibrated
    extra       (M,) ids of the extra data set's images that the network was trained on too
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.errors import WorkspaceError
from pipeline.explain.neighbours import COLUMNS, nearest_lesions
from pipeline.explain.perturb import NAMED, perturb
from pipeline.files.arrays import Array, read_arrays
from pipeline.files.disk import replace_file
from pipeline.inference.predict_data_set import prepared_images
from pipeline.inference.predictor import Predictor
from pipeline.metrics.predictions_table import class_indices
from pipeline.progress import Progress

NEAREST = 4  # of each kind, as many as the page shows
_COMPONENTS, _BATCH = 64, 32
_ARRAYS = {
    "image_id": Array("U", 1), "predicted": Array("f", 3), "truth": Array("f", 3), "embedding": Array("f", 2),
    "neighbour": Array("i", 2), "similarity": Array("f", 2), "change": Array("U", 1), "changed": Array("f", 3),
    "extra": Array("U", 1),
}
_AGAIN = "Restore it from a copy, or delete it: it is then made again."


class FoldExplanations(NamedTuple):
    """The arrays of the file, as the module describes them."""

    image_id: np.ndarray
    predicted: np.ndarray
    truth: np.ndarray
    embedding: np.ndarray
    neighbour: np.ndarray
    similarity: np.ndarray
    change: np.ndarray
    changed: np.ndarray
    extra: np.ndarray

    def neighbours(self, dataset: Dataset) -> pd.DataFrame:
        """The nearest training lesions as `nearest_lesions` gives them."""
        table = dataset.metadata().sort_values("image_id", ignore_index=True)
        image, column = np.nonzero(self.neighbour >= 0)
        rows = table.iloc[self.neighbour[image, column]]
        return pd.DataFrame({
            "image_id": self.image_id[image], "kind": np.where(column < NEAREST, "same", "other"),
            "rank": column % NEAREST + 1, "neighbour": rows["image_id"].to_numpy(),
            "lesion_id": rows["lesion_id"].to_numpy(), "dx": rows["dx"].to_numpy(),
            "similarity": self.similarity[image, column].astype(np.float32),
        })[COLUMNS]


def explain_fold(
    predictor: Predictor, dataset: Dataset, split: pd.DataFrame, extra: list[str], progress: Progress
) -> tuple[np.ndarray, FoldExplanations]:
    """Asks the network about the images that it left out.

    Args:
        predictor: the fold's network; its probabilities are at the data's frequencies, not calibrated.
        split: image_id, lesion_id, dx and part of the fold's images.
        extra: ids of the extra images that it was trained on.

    Returns:
        (N, C) probabilities of the images held out, in alphabetical order of their ids, and the rest.

    Raises:
        DataError: the data set has lost an image.
        Cancelled: by `progress`.
    """
    held_out = split[split["part"] == "validation"].sort_values("image_id", ignore_index=True)
    training = split[split["part"] == "train"].reset_index(drop=True)
    prepared, truths = prepared_images(predictor, dataset), class_indices(held_out["dx"], predictor.info.classes)
    asked = (len(NAMED) + 1) * (4 if predictor.info.flips else 1) + 1  # passes for an image that is held out; else one
    total, done = asked * len(held_out) + len(training), 0
    probabilities, predicted, truth, mine, theirs = [], [], [], [], []
    changed: dict[str, list[np.ndarray]] = {name: [] for name in NAMED}
    for start in range(0, len(held_out), _BATCH):
        progress(done / total, "Asks the network about the images that it left out, as they are and changed.")
        images = np.stack([prepared(image_id) for image_id in held_out["image_id"].iloc[start : start + _BATCH]])
        found = predictor.predict_and_explain(images, truths[start : start + len(images)])
        probabilities.append(found.probabilities)
        predicted.append(found.predicted.astype(np.float16))
        truth.append(found.truth.astype(np.float16))
        mine.append(predictor.embedding(images))
        for name, (_, change) in NAMED.items():
            answers = predictor.probabilities(np.stack([perturb(image, change) for image in images]))
            changed[name].append(answers.astype(np.float16))
        done += asked * len(images)
    for start in range(0, len(training), _BATCH):
        progress(done / total, "Embeds the images that the network was trained on.")
        images = np.stack([prepared(image_id) for image_id in training["image_id"].iloc[start : start + _BATCH]])
        theirs.append(predictor.embedding(images))
        done += len(images)
    embeddings = np.concatenate(mine)
    nearest = nearest_lesions(held_out, embeddings, training, np.concatenate(theirs), NEAREST)
    ids = np.array(held_out["image_id"], dtype=str)
    neighbour, similarity = _places(nearest, ids, np.sort(np.array(dataset.metadata()["image_id"], dtype=str)))
    return np.concatenate(probabilities), FoldExplanations(
        ids, np.concatenate(predicted), np.concatenate(truth), _components(embeddings), neighbour, similarity,
        np.array(list(NAMED)), np.stack([np.concatenate(parts) for parts in changed.values()], axis=1),
        np.array(sorted(extra), dtype=str),
    )


def _components(embeddings: np.ndarray) -> np.ndarray:
    from sklearn.decomposition import PCA

    parts = PCA(min(_COMPONENTS, *embeddings.shape), svd_solver="full").fit_transform(embeddings.astype(np.float64))
    return parts.astype(np.float16)


def _places(nearest: pd.DataFrame, held_out: np.ndarray, all_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The table of `nearest_lesions` as the arrays `neighbour` and `similarity`."""
    neighbour = np.full((len(held_out), 2 * NEAREST), -1, dtype=np.int32)
    similarity = np.zeros(neighbour.shape, dtype=np.float16)
    row = np.searchsorted(held_out, nearest["image_id"].to_numpy(dtype=str))
    column = (nearest["rank"] - 1 + NEAREST * (nearest["kind"] == "other")).to_numpy()
    neighbour[row, column] = np.searchsorted(all_ids, nearest["neighbour"].to_numpy(dtype=str))
    similarity[row, column] = nearest["similarity"].to_numpy()
    return neighbour, similarity


def write_explanations(path: Path, explanations: FoldExplanations) -> None:
    """
    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    content = io.BytesIO()
    np.savez_compressed(content, **explanations._asdict())
    replace_file(path, content.getvalue())


def read_explanations(path: Path) -> FoldExplanations:
    """What `write_explanations` wrote.

    Raises:
        MissingFileError: there is none.
        WorkspaceError: it is damaged.
    """
    found = FoldExplanations(**read_arrays(path, _ARRAYS, _AGAIN))
    rows = {len(of) for of in found[:6]} | {len(found.changed)}
    if len(rows) > 1 or found.changed.shape[1] != len(found.change) or found.neighbour.shape != found.similarity.shape:
        raise WorkspaceError(f"{path} is damaged: its arrays are not of the same images.", _AGAIN)
    return found
