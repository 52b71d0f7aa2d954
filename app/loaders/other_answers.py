"""What other runs say of a run's images, found by image id and reference diagnosis, not by a data set's name.

Drawings of every generated set are counted from 1, so drawings are the same in runs on the very same set alone.
"""

import contextlib
import sys
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from app.loaders import resources
from app.loaders.file_cache import kept
from app.loaders.run_data import compared_rows, found_data, model_of
from pipeline.data.overlap import plain_id
from pipeline.errors import ModelError
from pipeline.metrics.predictions_table import classes_of, probabilities_of
from pipeline.models.trained_on import line_of
from pipeline.models.training_images import FILE as TRAINING_IMAGES
from pipeline.models.training_images import training_images
from pipeline.runs.run_dir import RunDir
from pipeline.runs.run_tables import read_predictions

_IDS = ["image_id", "lesion_id"]


@kept(lambda run: [run.predictions_path], entries=256)
def answers(run: RunDir) -> pd.DataFrame:
    """part, truth, predicted and its probability by image_id, of what the run judged; small, because many
    runs are asked at once.
    """
    table = read_predictions(run.predictions_path)  # not kept itself: many would fill the memory
    shares = probabilities_of(table, classes_of(table))
    return pd.DataFrame({
        **{column: table[column].astype("category") for column in ("part", "truth", "predicted")},
        "probability": shares.max(axis=1).astype(np.float32),
    }).set_index(pd.Index(table["image_id"]))


def _of_drawings(run: RunDir) -> bool | None:
    """Whether the run's images are drawings; None where neither its model nor its data set is here to say it."""
    if run.capabilities().has_folds:
        return False
    if (info := model_of(run)) is not None:
        return info.generated
    dataset = found_data(run).dataset
    return None if dataset is None else dataset.generated


def comparable(run: RunDir, other: RunDir) -> bool | None:
    """Whether equal image ids of two runs mean the same image: on one data set, or where both judged real images; None
    where that cannot be told.
    """
    if run.config().data_hash == other.config().data_hash:
        return True
    drawn = _of_drawings(run), _of_drawings(other)
    return False if True in drawn else None if None in drawn else True


@kept(lambda run, other: [run.predictions_path, other.predictions_path], entries=1024)
def _share_images(run: RunDir, other: RunDir) -> bool:
    return bool(len(alike(other, answers(run)["truth"])))


def others(run: RunDir) -> list[RunDir]:
    """The other runs that judged some of the run's images, newest first, the bundled one last."""
    data = run.config().data_hash
    return [other for other in resources.runs()
            if other.name != run.name and other.predictions_path.exists() and comparable(run, other)
            and (other.config().data_hash == data or _share_images(run, other))]


def others_named(run: RunDir, names: Collection[str]) -> list[RunDir]:
    """Those of `others` that have these names."""
    return [other for other in others(run) if other.name in names]


def alike(other: RunDir, truth: pd.Series) -> pd.DataFrame:
    """The `answers` of another run to the images that `truth` (codes by image_id) knows by the same diagnosis."""
    told = answers(other)
    known = truth.astype(object).reindex(told.index)
    return told[told["truth"].astype(object).to_numpy() == known.to_numpy()]


def validated_alike(other: RunDir, truth: pd.Series) -> pd.Index:
    """The images of `alike` in the other run's validation part, or of an evaluation or the bundled run as it compares.
    """
    return compared_rows(other, alike(other, truth)).index


def wrong_alike(other: RunDir, truth: pd.Series) -> pd.Index:
    """The images of `alike` that the other run got wrong."""
    told = alike(other, truth)
    return told.index[told["predicted"].astype(object) != told["truth"].astype(object)]


class _Trained(NamedTuple):
    """Ids of the images and lesions that a run's network was trained on; `known` is False where they are not known."""

    images: frozenset[str]
    lesions: frozenset[str]
    known: bool


def _training_files(run: RunDir) -> list[Path]:
    return [run.model / TRAINING_IMAGES, *(path for one in line_of(resources.workspace(), run)
                                           for path in (one.split_path, one.extra_path))]


@kept(_training_files, entries=128)
def _trained(run: RunDir) -> _Trained:
    """By the splits of the run and of those that it started from, their extra images included, else by its model."""
    tables = []
    for one in line_of(resources.workspace(), run):
        if one.split_path.exists():
            split, extra = one.split(), one.extra()
            tables.append(split.loc[split["part"] == "train", _IDS])
            if extra is not None:
                tables.append(extra.loc[extra["left_out"].isna(), _IDS])
    if not tables and (info := model_of(run)) is not None:
        with contextlib.suppress(ModelError):  # an old model's list is not there, so its images are not known
            tables.append(training_images(info)[_IDS])
    if not tables:
        return _Trained(frozenset(), frozenset(), False)
    images = pd.concat(tables)
    # interned, because many runs know the same ids
    return _Trained(frozenset(map(sys.intern, plain_id(images["image_id"]))),
                    frozenset(map(sys.intern, images["lesion_id"])), True)


def _training_of(run: RunDir) -> _Trained:
    """What counts as trained on for the run's answers: nothing where each image was kept from whoever judged it."""
    can, judged = run.capabilities(), run.evaluation()
    if can.has_folds:  # each network judged the lesions that it had not seen
        return _Trained(frozenset(), frozenset(), True)
    if judged:  # what the model may have been trained on was left out, as far as it was known
        return _Trained(frozenset(), frozenset(), judged["overlap_note"] is None)
    return _trained(run)


class Said(NamedTuple):
    """What one other run says of an image: a code and its probability, 0..1; `known`: whether it is known which images
    its network was trained on.
    """

    run: RunDir
    predicted: str
    probability: float
    known: bool


class OtherAnswers(NamedTuple):
    """`said` by the runs that held the image's lesion out; the runs that `trained` on it and so are not asked; and
    those of which it is `unclear` whether they judged this image or another of the same id.
    """

    said: list[Said]
    trained: list[RunDir]
    unclear: list[RunDir]

    @property
    def any(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.said or self.trained or self.unclear)


def other_answers(
    run: RunDir, image_id: str, truth: str, lesion_id: str, lesion_images: Collection[str]
) -> OtherAnswers:
    """What all other runs here say of one image of `run`.

    Args:
        truth: its reference diagnosis, a code.
        lesion_id: its lesion, and `lesion_images` the ids of all images of that lesion that are known here.

    Raises:
        WorkspaceError: a run's table is damaged.
    """
    found = OtherAnswers([], [], [])
    shown = set(plain_id(pd.Series([image_id, *lesion_images], dtype=str)))
    for other in resources.runs():
        if other.name == run.name or not other.predictions_path.exists() or (same := comparable(run, other)) is False:
            continue
        training = _training_of(other)
        if same and (lesion_id in training.lesions or not shown.isdisjoint(training.images)):
            found.trained.append(other)
            continue
        told = answers(other)
        if image_id not in told.index:
            continue
        place = told.index.get_loc(image_id)
        if told["truth"].iat[place] != truth:
            continue
        if same is None:
            found.unclear.append(other)
        else:
            found.said.append(Said(other, str(told["predicted"].iat[place]), float(told["probability"].iat[place]),
                                   training.known))
    return found
