"""Cached loaders of several pages: data sets, runs, models, and what a network gives for an image."""

import contextlib
import threading
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from app.access import Right, require
from app.loaders.file_cache import is_missing, kept
from pipeline.data.dataset import Dataset, list_datasets
from pipeline.data.tables import described
from pipeline.errors import ModelError
from pipeline.files.workspace import Workspace, current_workspace
from pipeline.inference.classifier import Classifier, FeatureMaps, open_classifier
from pipeline.inference.cross_validated import alone, recognise
from pipeline.models.card import CARD_FILE, model_card
from pipeline.models.library import run_of
from pipeline.models.model_info import ModelInfo, find_model, list_models
from pipeline.models.recognition import Recognised
from pipeline.models.training_images import FILE as TRAINING_IMAGES
from pipeline.models.weights_files import weights_paths
from pipeline.runs.labels import LABEL_FILE
from pipeline.runs.run_dir import RunDir, bundled_run, list_runs, readable_runs
from pipeline.runs.run_tables import Heatmaps, read_heatmaps
from pipeline.runs.shown_batch import ShownBatch, read_batch
from pipeline.suitability.checks import Finding, check_picture

_network_lock = threading.Lock()  # Grad-CAM hooks into the network that all sessions share


def workspace() -> Workspace:
    return current_workspace()


def datasets() -> list[Dataset]:
    """All data sets, by name; shared, so not to be changed."""
    return list_datasets(workspace())


def table_files(dataset: Dataset | None) -> list[Path]:
    """The file that has the data set's table; none without a data set."""
    return [] if dataset is None else [dataset.folder / "metadata.parquet"]


@kept(table_files, entries=8)
def metadata(dataset: Dataset) -> pd.DataFrame:
    """The data set's table, indexed by image_id; shared, so not to be changed."""
    return dataset.metadata().set_index("image_id", drop=False)


@kept(table_files, entries=8)
def factors(dataset: Dataset) -> pd.DataFrame:
    """The data set's table as `described` gives it, indexed by image_id; shared, so not to be changed."""
    return described(metadata(dataset))


def _and_the_bundled(own: list[RunDir]) -> list[RunDir]:
    bundled = bundled_run()
    return [*own, bundled] if bundled else own


def own_runs() -> list[RunDir]:
    """The workspace's runs that can be read, newest first; only these can be watched, gone on from or deleted."""
    return readable_runs(workspace())


def runs() -> list[RunDir]:
    """The runs that can be read, newest first; the bundled one comes last."""
    return _and_the_bundled(own_runs())


def all_runs() -> list[RunDir]:
    """All runs, damaged ones too, newest first; the bundled one comes last."""
    return _and_the_bundled(list_runs(workspace()))


def models() -> list[ModelInfo]:
    """All models, newest first; the bundled one comes last."""
    return list_models(workspace())


def _card_files(info: ModelInfo) -> list[Path]:
    """What a card says comes from these: of a mean of models its members', of a run's model the run's too."""
    place, models_in_it = workspace(), [info]
    for name, _ in info.members:
        with contextlib.suppress(ModelError):  # one that is gone has no files
            models_in_it.append(find_model(place, name))
    paths = weights_paths(place, info)
    for one in models_in_it:
        paths += [one.folder / name for name in ("model.json", LABEL_FILE, CARD_FILE, TRAINING_IMAGES)]
        if run := run_of(place, one):
            data = place.datasets / one.data
            paths += [run.config_path, run.split_path, run.results_path, run.predictions_path, data / "dataset.json",
                      data / "metadata.parquet"]
    return paths


@kept(_card_files, entries=64)
def card(info: ModelInfo) -> str:
    """The model's card in Markdown.

    Raises:
        ModelError: the card that it brought is damaged.
    """
    return model_card(workspace(), info)


@kept(lambda run: [run.predictions_path], entries=16)
def predictions(run: RunDir) -> pd.DataFrame:
    """The run's predictions; shared, so not to be changed.

    Raises:
        RunError: it has none yet.
    """
    return run.predictions()


@kept(lambda run: [run.events_path], entries=4)
def events(run: RunDir) -> list[dict[str, Any]]:
    """The run's events so far; shared, so not to be changed."""
    return run.events()


@kept(lambda run: [run.batch_path], entries=4)
def batch(run: RunDir) -> ShownBatch | None:
    """The pictures of a batch that the run trains on; None before the first and after the end.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return read_batch(run.batch_path)


@kept(lambda run: [run.heatmaps_path], entries=4)
def heatmaps(run: RunDir) -> Heatmaps | None:
    """The run's heatmaps; None where none were stored.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return None if is_missing(run.heatmaps_path) else read_heatmaps(run.heatmaps_path)


def _weights(info: ModelInfo, *_of_an_image: object) -> list[Path]:
    """The files whose change makes the model's numbers others: a mean of models has its members', a cross-validation's
    networks have temperatures and a list of what each left out."""
    told = ["model.json"] if info.members else ["model.json", TRAINING_IMAGES] if info.folds else []
    return [*(info.folder / name for name in told), *weights_paths(workspace(), info)]


@kept(_weights, entries=2)
def predictor(info: ModelInfo) -> Classifier:
    """The model, opened once; fastai's head takes some seconds the first time, for which PyTorch is loaded.

    Raises:
        ModelError: its weights are missing or do not fit.
    """
    return open_classifier(workspace(), info)


class Output(NamedTuple):
    """What the network sees of an image, its probabilities in the order of `info.classes`, the feature maps that it is
    explained from, and the answers (networks, diagnoses) that it is the mean of; of a cross-validation's networks the
    one that answered alone, by its fold, and which training image it is."""

    seen: np.ndarray
    probabilities: np.ndarray
    features: FeatureMaps
    of_networks: np.ndarray
    network: int | None = None
    recognised: Recognised | None = None


# outputs for a visitor's images are kept for that visitor's session only, and go with it
@kept(_weights, entries=64, of_session=True)
def output(
    info: ModelInfo, _pixels: np.ndarray, digest: str, prepared: bool = False, network: int | None = None,
    name: str | None = None,
) -> Output:
    """What the network gives for an image, or for one that is `prepared` as the model does it.

    Args:
        digest: of the pixels, which stands for them.
        network: the fold of a cross-validation whose network alone is asked; None: all are.
        name: of the image's file without the ending, where it is to be recognised: then the network that was trained
            without its lesion is asked.
    """
    require(Right.CLASSIFY)
    opened = predictor(info)
    seen = _pixels if prepared else opened.prepare(Image.fromarray(_pixels))
    if (recognised := None if name is None else recognise(opened, seen, name)) is not None:
        network = recognised.network
    with _network_lock:
        return Output(seen, *alone(opened, network).output(seen), network, recognised)


@kept(lambda pixels, digest: [], entries=64, of_session=True)
def checked(_pixels: np.ndarray, digest: str) -> list[Finding]:
    """What checks find in a visitor's picture, whose digest stands for it."""
    return check_picture(_pixels)


@kept(_weights, entries=256, of_session=True)
def explanation(info: ModelInfo, _output: Output, digest: str, code: str, network: int | None = None) -> np.ndarray:
    """The heatmap (h, w) of the diagnosis `code` for the output of the image with this digest.

    Args:
        network: that of the output.
    """
    with _network_lock:
        return alone(predictor(info), network).explain(_output.seen, code, _output.features)


def forget_outputs() -> None:
    """Drop what was computed for this session's images; other sessions keep theirs."""
    output.clear()
    explanation.clear()
