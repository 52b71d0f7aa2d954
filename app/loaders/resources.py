"""Cached loaders of several pages; run_rows and thumbnails have those of one. A file's time and size are its key."""

import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from pipeline.data.dataset import Dataset, list_datasets
from pipeline.data.prepare import prepare_image
from pipeline.data.tables import described
from pipeline.files import folders_with
from pipeline.images.colours import pixels_of
from pipeline.images.reading import opened
from pipeline.jobs.launch import start_deriving
from pipeline.models.members import weights_paths
from pipeline.models.model_info import ModelInfo, list_models
from pipeline.runs.events import read_events
from pipeline.runs.run_dir import RunDir, bundled_run, list_runs, readable_runs
from pipeline.runs.run_tables import Heatmaps, read_heatmaps
from pipeline.vocabulary import View
from pipeline.workspace import Workspace, current_workspace

Stamp = tuple[str, int, int]  # path, time of the last change in ns, size in bytes
_NO_FILE, _UNREADABLE = (0, 0), (0, -1)
_MOST_UNTOUCHED = 300 * 2**20  # bytes; 256 usual images take 200 MB, and one large image alone 180
_network_lock = threading.Lock()  # Grad-CAM hooks into the network that all sessions share


def stamp(path: Path) -> Stamp:
    """What changes whenever the file at `path` does."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (str(path), *_NO_FILE)
    except OSError:  # a loop of links, a folder that nobody may enter: its reader says which
        return (str(path), *_UNREADABLE)
    return (str(path), found.st_mtime_ns, found.st_size)


def workspace() -> Workspace:
    return current_workspace()


@st.cache_data(max_entries=8, show_spinner=False)
def _datasets(home: str, stamps: tuple[Stamp, ...]) -> list[Dataset]:
    return list_datasets(Workspace(Path(home)))


def datasets() -> list[Dataset]:
    """All data sets, by name."""
    place = workspace()
    folders = folders_with(place.datasets, "dataset.json")
    files = (folder / name for folder in folders for name in ("dataset.json", "metadata.parquet"))
    return _datasets(str(place.home), tuple(map(stamp, files)))


@st.cache_resource(max_entries=8, show_spinner=False)
def _metadata(_dataset: Dataset, table: Stamp) -> pd.DataFrame:
    return _dataset.metadata().set_index("image_id", drop=False)


def metadata(dataset: Dataset) -> pd.DataFrame:
    """The data set's table, indexed by image_id; shared, so not to be changed."""
    return _metadata(dataset, stamp(dataset.folder / "metadata.parquet"))


@st.cache_resource(max_entries=8, show_spinner=False)
def _factors(_metadata: pd.DataFrame, table: Stamp) -> pd.DataFrame:
    return described(_metadata)


def factors(dataset: Dataset) -> pd.DataFrame:
    """The data set's table as `described` gives it, indexed by image_id; shared, so not to be changed."""
    return _factors(metadata(dataset), stamp(dataset.folder / "metadata.parquet"))


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


@st.cache_resource(max_entries=16, show_spinner=False)
def _predictions(of: Stamp) -> pd.DataFrame:
    return RunDir(Path(of[0]).parent).predictions()


def predictions(run: RunDir) -> pd.DataFrame:
    """The run's predictions; shared, so not to be changed.

    Raises:
        RunError: it has none yet.
    """
    return _predictions(stamp(run.predictions_path))


@st.cache_resource(max_entries=4, show_spinner=False)
def _events(of: Stamp) -> list[dict]:
    return read_events(Path(of[0]))


def events(run: RunDir) -> list[dict]:
    """The run's events so far; shared, so not to be changed."""
    return _events(stamp(run.events_path))


@st.cache_resource(max_entries=4, show_spinner=False)
def _heatmaps(of: Stamp) -> Heatmaps | None:
    return None if of[1:] == _NO_FILE else read_heatmaps(Path(of[0]))


def heatmaps(run: RunDir) -> Heatmaps | None:
    """The run's heatmaps; None where none were stored.

    Raises:
        WorkspaceError: the file is damaged.
    """
    return _heatmaps(stamp(run.heatmaps_path))


@st.cache_data(max_entries=256, max_size=_MOST_UNTOUCHED, show_spinner=False)
def _untouched(of: Stamp) -> np.ndarray:
    with opened(Path(of[0]), Path(of[0]).name) as image:
        return pixels_of(image)


def untouched(path: Path) -> np.ndarray:
    """The upright pixels of an image file, uint8 (H, W, 3).

    Raises:
        ImageError: it cannot be read.
    """
    return _untouched(stamp(path))


@st.cache_data(max_entries=512, show_spinner=False)
def _as_seen(of: Stamp, height: int, width: int, resize: str, view: View) -> np.ndarray:
    return prepare_image(Image.fromarray(_untouched(of)), height, width, resize, view=view)


def as_seen(path: Path, height: int, width: int, resize: str, view: View) -> np.ndarray:
    """The image as a network with this input sees it, uint8 (height, width, 3)."""
    return _as_seen(stamp(path), height, width, resize, view)


def _weights(info: ModelInfo) -> tuple[Stamp, ...]:
    """What changes whenever the model's numbers do: a mean of models has its members'."""
    description = (stamp(info.folder / "model.json"),) if info.members else ()
    return (*description, *map(stamp, weights_paths(workspace(), info)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _predictor(_info: ModelInfo, of: tuple[Stamp, ...]):
    from pipeline.inference.door import open_model

    return open_model(workspace(), _info)


def predictor(info: ModelInfo):
    """The model's network, loaded once; importing torch takes some seconds the first time.

    Raises:
        ModelError: its weights are missing or do not fit.
    """
    network = _predictor(info, _weights(info))
    network.use_onnx_soon(workspace(), start_deriving)
    return network


class Output(NamedTuple):
    """What the network sees of an image, its probabilities in the order of `info.classes`, and its feature map; of a
    mean of models each member's."""

    seen: np.ndarray
    probabilities: np.ndarray
    features: np.ndarray | list[np.ndarray]


# Outputs for a visitor's images are kept for that visitor's session only, and go with it.
@st.cache_data(scope="session", max_entries=64, show_spinner=False)
def _output(_info: ModelInfo, of: tuple[Stamp, ...], _pixels: np.ndarray, digest: str, prepared: bool) -> Output:
    network = predictor(_info)
    seen = _pixels if prepared else network.prepare(Image.fromarray(_pixels))
    with _network_lock:
        return Output(seen, *network.output(seen))


def output(info: ModelInfo, pixels: np.ndarray, digest: str, prepared: bool = False) -> Output:
    """What the network gives for an image, or for one that is `prepared` as its door does it."""
    return _output(info, _weights(info), pixels, digest, prepared)


@st.cache_data(scope="session", max_entries=256, show_spinner=False)
def _explanation(_info: ModelInfo, of: tuple[Stamp, ...], _output: Output, digest: str, code: str) -> np.ndarray:
    with _network_lock:
        return predictor(_info).explain(_output.seen, code, _output.features)


def explanation(info: ModelInfo, output: Output, digest: str, code: str) -> np.ndarray:
    """The heatmap (h, w) of the diagnosis `code` for an image's `output`."""
    return _explanation(info, _weights(info), output, digest, code)


def forget_outputs() -> None:
    """Drop what was computed for this session's images; other sessions keep theirs."""
    _output.clear()
    _explanation.clear()
