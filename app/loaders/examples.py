"""Example images for a model: from the data sets of its kind, never one that it was trained on."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from app.loaders import resources
from app.loaders.file_cache import kept
from app.loaders.resources import table_files
from pipeline.data.dataset import Dataset
from pipeline.errors import LesionLabError
from pipeline.files.workspace import error_words
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import refusal
from pipeline.models.training_images import FILE, training_images
from pipeline.runs.run_dir import RunDir, find_run


class Offer(NamedTuple):
    """A data set's images that may be shown to the model (shuffled metadata rows by image_id), and why, in words."""

    dataset: Dataset
    images: pd.DataFrame
    origin: str


class Examples(NamedTuple):
    """What can be shown to a model, and a sentence for each reason why something is not."""

    offers: list[Offer]
    left_out: list[str]


@kept(lambda run: [run.split_path], entries=16)
def _parts(run: RunDir) -> pd.Series:
    """The part ("train", "validation", "test") of each image, by image_id."""
    return run.split().set_index("image_id")["part"]


def _split_run(info: ModelInfo) -> RunDir | None:
    """The model's run, which has its split; None where it is not here."""
    try:
        run = find_run(resources.workspace(), info.run)
        _parts(run)
    except LesionLabError:
        return None
    return run


def _shuffled(images: pd.DataFrame) -> pd.DataFrame:
    return images.sort_index().sample(frac=1, random_state=0)


def _seen(images: pd.DataFrame, image_ids: Collection[str], contents: Collection[str]) -> np.ndarray:
    """Which images are among those: a copy in another size has other bytes but the same id."""
    return images.index.isin(image_ids) | images["sha256"].isin(contents)


@kept(lambda dataset, run: [*table_files(dataset), run.split_path], entries=16)
def _held_out(dataset: Dataset, run: RunDir) -> pd.DataFrame:
    images, parts = resources.metadata(dataset), _parts(run)
    return _shuffled(images[images.index.isin(parts.index[parts != "train"])])


@kept(lambda dataset, own, run: [*table_files(dataset), *table_files(own), run.split_path], entries=16)
def _unseen(dataset: Dataset, own: Dataset, run: RunDir) -> pd.DataFrame:
    images, owned, parts = resources.metadata(dataset), resources.metadata(own), _parts(run)
    trained_on = owned[owned.index.isin(parts.index[parts == "train"])]
    return _shuffled(images[~_seen(images, trained_on.index, trained_on["sha256"])])


@kept(lambda info, dataset: [info.folder / "model.json", info.folder / FILE, *table_files(dataset)], entries=4)
def _left_out_by_one(info: ModelInfo, dataset: Dataset) -> pd.DataFrame:
    trained_on, images = training_images(info), resources.metadata(dataset)
    by_all = trained_on[trained_on["fold"].isna()]
    return _shuffled(images[~_seen(images, by_all["image_id"], by_all["sha256"])])


@kept(table_files, entries=16)
def _all(dataset: Dataset) -> pd.DataFrame:
    return _shuffled(resources.metadata(dataset))


@kept(lambda info, dataset: [info.folder / FILE, *table_files(dataset)], entries=4)
def _not_listed(info: ModelInfo, dataset: Dataset) -> pd.DataFrame:
    trained_on, images = training_images(info), resources.metadata(dataset)
    return _shuffled(images[~_seen(images, trained_on["image_id"], trained_on["sha256"])])


def _of_any(info: ModelInfo, dataset: Dataset) -> Offer | str:
    """For a model that held no image out, or whose members each held out others: what is not on its list of training
    images, whatever the set is called.
    """
    try:
        unseen = _not_listed(info, dataset)
    except LesionLabError as error:
        return f"No examples from {dataset.name}. {error_words(error)}"
    if unseen.empty:
        return f"No examples from {dataset.name}: the model {info.name} was trained on all of its images."
    return Offer(dataset, unseen, "Images that the model was trained on are left out, by id and by content: "
                                  f"{dataset.images - len(unseen):,} of {dataset.images:,}.")


def _of_folds(info: ModelInfo, dataset: Dataset) -> Offer | str:
    """For a cross-validation's networks: what at least one of them was trained without."""
    try:
        offered = _left_out_by_one(info, dataset)
    except LesionLabError as error:
        return f"No examples from {dataset.name}. {error_words(error)}"
    if offered.empty:
        return f"No examples from {dataset.name}: each network of the model {info.name} was trained on all its images."
    left_out = dataset.images - len(offered)
    more = f" Those that every network was trained on are left out: {left_out:,} of {dataset.images:,}."
    return Offer(dataset, offered, "A training image has the answer of the one network that was trained without its "
                                   f"lesion, any other the mean of all.{more if left_out else ''}")


def _of_its_own(info: ModelInfo, dataset: Dataset, run: RunDir | None) -> Offer | str:
    if run is None:
        return (f"No examples from {dataset.name}: without the run {info.run} nobody knows which of its images the "
                f"model {info.name} has not seen.")
    parts = set(_parts(run).unique())
    names = " and ".join(name for name in ("validation", "test") if name in parts)
    return Offer(dataset, _held_out(dataset, run),
                 f"From the model's {names} part{'s' if ' and ' in names else ''}: it was not trained on them.")


def _of_another(info: ModelInfo, dataset: Dataset, own: Dataset | None, run: RunDir | None) -> Offer | str:
    if own is None or run is None:
        return Offer(dataset, _all(dataset),
                     f"Whether the model was trained on some of them cannot be checked: its data set {info.data} or "
                     "its run is not here.")
    unseen = _unseen(dataset, own, run)
    if unseen.empty:
        return f"No examples from {dataset.name}: the model {info.name} was trained on all of its images."
    return Offer(dataset, unseen, "Not the model's own data set; images that it was trained on are left out: "
                                  f"{dataset.images - len(unseen):,} of {dataset.images:,}.")


def _of_the_other_kind(info: ModelInfo, names: list[str]) -> str:
    images, trained = ("real images", "generated drawings") if info.generated else ("generated drawings", "real images")
    return (f"Not offered: {', '.join(names)}. {images.capitalize()} go with a model of their own; the model "
            f"{info.name} was trained on {trained}, so its output would mean nothing.")


def examples(info: ModelInfo) -> Examples:
    """The images of each data set that the model was not trained on, the model's own data set first.

    A copy of the model's data set counts as its own: only held-out images. Of other data sets those images are left
    out whose id or content (SHA-256) is among the model's training images; a model that held none out lists them.
    """
    run, here = _split_run(info), resources.datasets()
    own = next((d for d in here if d.content_hash == info.data_hash), None)
    found, other_kind = [], []
    for dataset in sorted(here, key=lambda d: (d.content_hash != info.data_hash, d.name)):
        if refusal(info, dataset.generated):
            other_kind.append(dataset.name)
        elif info.folds:
            found.append(_of_folds(info, dataset))
        elif info.split == "all" or info.members:
            found.append(_of_any(info, dataset))
        elif dataset.content_hash == info.data_hash:
            found.append(_of_its_own(info, dataset, run))
        elif dataset.name == info.data:
            found.append(f"No examples from {dataset.name}: its images have changed since the model {info.name} was "
                         "trained on it, so nobody knows which of them it has not seen.")
        else:
            found.append(_of_another(info, dataset, own, run))
    left_out = [one for one in found if isinstance(one, str)]
    if info.split == "all" and not info.members:
        left_out.insert(0, f"The model {info.name} was trained on all {info.training_images:,} images of {info.data}, "
                           "so none of them can be an example. Choose My images above to ask it about one of your own.")
    if other_kind:
        left_out.append(_of_the_other_kind(info, other_kind))
    return Examples([one for one in found if isinstance(one, Offer)], left_out)


def drawn(images: pd.DataFrame, draw: int) -> pd.DataFrame:
    """One image of each diagnosis: for each `draw` (0, 1, …) the next of those in `images`, in their order.

    The order of the rows is shuffled, so that it does not give the diagnosis away.
    """
    places = [rows[draw % len(rows)] for rows in images.groupby("dx").indices.values()]
    return images.iloc[places].sample(frac=1, random_state=draw)
