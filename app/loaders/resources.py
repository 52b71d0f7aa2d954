"""Cached loaders of several pages: data sets, runs, models, and what a network gives for an image."""

import threading
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from app.loaders.file_cache import is_missing, kept
from pipeline.data.dataset import Dataset, list_datasets
from pipeline.data.tables import described
from pipeline.files.disk import folders_with
from pipeline.files.workspace import Workspace, current_workspace
from pipeline.inference.classifier import Classifier, FeatureMaps, open_classifier
from pipeline.jobs.launch import start_deriving
from pipeline.models.model_info import ModelInfo, list_models
from pipeline.models.weights_files import weights_paths
from pipeline.runs.run_dir import RunDir, bundled_run, list_runs, readable_runs
from pipeline.runs.run_kind import Capabilities
from pipeline.runs.run_tables import Heatmaps, read_heatmaps

_network_lock = threading.Lock()  # Grad-CAM hooks into the network that all sessions share


def workspace() -> Workspace:
    return current_workspace()


def _dataset_files() -> list[Path]:
    folders = folders_with(workspace().datasets, "dataset.json")
    return [folder / name for folder in folders for name in ("dataset.json", "metadata.parquet")]


@kept(_dataset_files, entries=8, copied=True)
def datasets() -> list[Dataset]:
    """All data sets, by name."""
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


@kept(lambda run: [run.config_path], entries=1024)
def capabilities(run: RunDir) -> Capabilities:
    """What can be asked of the run.

    Raises:
        MissingFileError, WorkspaceError: its config.json is gone or damaged.
    """
    return run.capabilities()


def models() -> list[ModelInfo]:
    """All models, newest first; the bundled one comes last."""
    return list_models(workspace())


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


@kept(lambda run: [run.heatmaps_path], entries=4)
def heatmaps(run: RunDir) -> Heatmaps | None:
    """The run's heatmaps; None where none were stored.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return None if is_missing(run.heatmaps_path) else read_heatmaps(run.heatmaps_path)


def _weights(info: ModelInfo, *_of_an_image: object) -> list[Path]:
    """The files whose change makes the model's numbers others: a mean of models has its members'."""
    return [*([info.folder / "model.json"] if info.members else ()), *weights_paths(workspace(), info)]


@kept(_weights, entries=2)
def _predictor(info: ModelInfo) -> Classifier:
    return open_classifier(workspace(), info)


def predictor(info: ModelInfo) -> Classifier:
    """The model's network, loaded once; importing torch takes some seconds the first time.

    Raises:
        ModelError: its weights are missing or do not fit.
    """
    network = _predictor(info)
    network.use_onnx_soon(workspace(), start_deriving)
    return network


class Output(NamedTuple):
    """What the network sees of an image, its probabilities in the order of `info.classes`, and the feature maps
    that it is explained from."""

    seen: np.ndarray
    probabilities: np.ndarray
    features: FeatureMaps


# outputs for a visitor's images are kept for that visitor's session only, and go with it
@kept(_weights, entries=64, of_session=True)
def output(info: ModelInfo, _pixels: np.ndarray, digest: str, prepared: bool = False) -> Output:
    """What the network gives for an image, or for one that is `prepared` as the model does it.

    Args:
        digest: of the pixels, which stands for them.
    """
    network = predictor(info)
    seen = _pixels if prepared else network.prepare(Image.fromarray(_pixels))
    with _network_lock:
        return Output(seen, *network.output(seen))


@kept(_weights, entries=256, of_session=True)
def explanation(info: ModelInfo, _output: Output, digest: str, code: str) -> np.ndarray:
    """The heatmap (h, w) of the diagnosis `code` for the output of the image with this digest."""
    with _network_lock:
        return predictor(info).explain(_output.seen, code, _output.features)


def forget_outputs() -> None:
    """Drop what was computed for this session's images; other sessions keep theirs."""
    output.clear()
    explanation.clear()
