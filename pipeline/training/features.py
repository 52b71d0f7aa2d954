"""What a frozen backbone says of each image and its flips: computed once, kept with the data set, read ever after."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from pipeline.configuration.config import RunConfig
from pipeline.configuration.network_registry import IMAGENET, UNCHANGED, Normalisation
from pipeline.data.dataset import Dataset
from pipeline.data.prepare import window
from pipeline.errors import TrainingError
from pipeline.files.disk import to_json
from pipeline.files.locks import file_lock
from pipeline.inference.network_parts import Body
from pipeline.networks.architectures import feature_count
from pipeline.networks.onnx_body import OnnxBody, compute_threads
from pipeline.networks.torch_network import body_of
from pipeline.progress import Cancelled
from pipeline.training.feature_store import FLIPS, FeatureStore
from pipeline.training.training import Parts, Pixels, Training

_BATCH = 32
_DIGITS = 12  # of a body's digest that a folder of features is named after
_CHUNK_BATCHES = 16  # after so many batches what was computed is written


def flipped(image: np.ndarray, flip: int) -> np.ndarray:
    """`image` (height, width, 3) as it is (0), mirrored left to right (1), top to bottom (2), both (3): a view."""
    image = image[:, ::-1] if flip & 1 else image
    return image[::-1] if flip & 2 else image


def normalised(images: np.ndarray, normalisation: Normalisation) -> np.ndarray:
    """(N, 3, height, width) float32 as the network gets it, of (N, height, width, 3) uint8."""
    batch = np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32)
    batch /= 255
    if normalisation != UNCHANGED:
        batch -= np.float32(normalisation.mean).reshape(3, 1, 1)
        batch /= np.float32(normalisation.std).reshape(3, 1, 1)
    return batch


def pooled(feature_map: np.ndarray, dtype=np.float16) -> np.ndarray:
    """What fastai's AdaptiveConcatPool2d makes of (N, K, h, w): maxima, then means; (N, 2K) `dtype`."""
    return np.concatenate([feature_map.max((2, 3)), feature_map.mean((2, 3))], axis=1).astype(dtype)


def fast_body(training: Training) -> Body:
    """The network's present body in eval mode: in ONNX Runtime on a processor, in PyTorch on a GPU."""
    return body_of(training.config.arch, training.network[0], training.device)


def body_digest(body: nn.Module, height: int, width: int) -> str:
    """32 hexadecimal digits of the SHA-256 over the names, types, shapes and bytes of `body`'s state, and the input."""
    digest = hashlib.sha256(f"{height} {width}".encode())
    for name, tensor in body.state_dict().items():
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:32]


def wanted_features(config: RunConfig, parts: Parts, images: int) -> np.ndarray:
    """(images, FLIPS) bool: all flips of the training images unless `augment` is none, the others as they are.

    Args:
        parts: (rows, targets) of each part of the split.
        images: of the data set.
    """
    wanted = np.zeros((images, FLIPS), dtype=bool)
    for name, (rows, _) in parts.items():
        wanted[rows, : FLIPS if name == "train" and config.augment != "none" else 1] = True
    return wanted


def output_count(network: nn.Sequential) -> int:
    """2K: what is stored of an image, whatever the head of `Sequential(body, head)` reads of it."""
    return 2 * feature_count(network[1])


def features_source(config: RunConfig) -> str:
    """Where the backbone of the run's first stage comes from."""
    if config.parent is not None:
        return f"{config.parent}:{config.parent_stage}"
    return f"{config.arch} {config.weights}"


class JoinedFeatures:
    """The features of one data set and then those of another, indexed by rows and flips as one array of them is."""

    def __init__(self, first: np.ndarray, second: np.ndarray):
        self.first, self.second = first, second

    def __getitem__(self, places: tuple[np.ndarray, np.ndarray | int]) -> np.ndarray:
        rows, flips = np.broadcast_arrays(*places)
        second = rows >= len(self.first)
        found = np.empty((len(rows), self.first.shape[2]), dtype=self.first.dtype)
        found[~second] = self.first[rows[~second], flips[~second]]
        found[second] = self.second[rows[second] - len(self.first), flips[second]]
        return found


def _folder_name(config: RunConfig, body: str, detail: tuple[int, int] | None) -> str:
    """Of the features of a body, known by 12 digits or a pattern of them, on images prepared as `config` says, reduced
    to `detail` first."""
    known = {IMAGENET: "", UNCHANGED: "-raw"}  # names from before there were others
    numbers = hashlib.sha256(to_json(config.normalisation).encode()).hexdigest()[:8]
    of = f"-of-{detail[0]}x{detail[1]}" if detail else ""
    return (
        f"features-{config.width}x{config.height}-{config.resize}{of}"
        f"{known.get(config.normalisation, f'-by-{numbers}')}-{body}"
    )


def missing_features(
    dataset: Dataset, config: RunConfig, wanted: np.ndarray, outputs: int, detail: tuple[int, int] | None = None
) -> int:
    """How many of `wanted` the run would have to compute, as far as can be told without its weights; of images that are
    reduced to `detail` first."""
    shape = (*wanted.shape, outputs)
    folders = (dataset.folder / "cache").glob(_folder_name(config, "?" * _DIGITS, detail))
    stores = [FeatureStore(folder, shape, dataset.content_hash, features_source(config)) for folder in folders]
    return min((len(store.missing(wanted)) for store in stores), default=int(wanted.sum()))


def missing_outputs(training: Training, parts: Parts) -> int:
    """`missing_features` of the training's data set and of its extra one.

    Args:
        parts: (rows, targets) of each part of the whole split.
    """
    config, dataset, extra = training.config, training.data.dataset, training.data.extra
    wanted = wanted_features(config, parts, dataset.images + (extra.dataset.images if extra else 0))
    outputs = output_count(training.network)
    missing = missing_features(dataset, config, wanted[: dataset.images], outputs)
    if extra is not None:
        missing += missing_features(extra.dataset, config, wanted[dataset.images :], outputs, extra.detail)
    return missing


def open_features(
    training: Training, wanted: np.ndarray, make_body: Callable[[], Body]
) -> np.ndarray | JoinedFeatures:
    """The features of the data set's images, and of its extra ones, computed where they are missing; resumable after a
    kill.

    Args:
        training: the weights of its network's body decide which features are meant.
        wanted: what `wanted_features` gave; only these are there for sure.
        make_body: gives the `Body`; called only where features are missing.

    Returns:
        (images, FLIPS, 2K) float16: what `pooled` makes of the body's K feature maps, mapped from the file.

    Raises:
        WorkspaceError: there is no room for them; the sentence names needed and free.
        DataError: an image of the data set is gone or damaged.
        TrainingError: an output is too large.
        Cancelled: the reporter asked to stop; the features computed so far are used the next time.
    """
    data, extra = training.data, training.data.extra
    if extra is None:
        return _features_of(training, wanted, make_body, None)
    own, images = data.pixels, data.dataset.images
    first = replace(training, data=data._replace(pixels=own.first))
    second = replace(training, data=data._replace(dataset=extra.dataset, pixels=own.second))
    return JoinedFeatures(
        _features_of(first, wanted[:images], make_body, None),
        _features_of(second, wanted[images:], make_body, extra.detail),
    )


def _features_of(
    training: Training, wanted: np.ndarray, make_body: Callable[[], Body], detail: tuple[int, int] | None
) -> np.ndarray:
    """The features of one data set."""
    config, network, dataset = training.config, training.network, training.data.dataset
    progress = training.reporter.watch
    digest = body_digest(network[0], config.height, config.width)
    folder = dataset.folder / "cache" / _folder_name(config, digest[:_DIGITS], detail)
    with file_lock(folder / "lock", progress, "Waits for another process that computes the same features."):
        shape = (*wanted.shape, output_count(network))
        store = FeatureStore(folder, shape, dataset.content_hash, features_source(config))
        store.prepare(progress)
        missing = store.missing(wanted)
        if len(missing):
            store.check_room(len(missing))
            body = make_body()
            done, reporter = int(wanted.sum()) - len(missing), training.reporter
            for places, values in computed(missing, training.data.pixels, config, body):
                if not np.isfinite(values).all():
                    raise TrainingError("The backbone's outputs are too large for float16.", "Set features=no.")
                store.add(places, values)
                done += len(places)
                if reporter.stop_asked():
                    raise Cancelled()
                reporter.worked(len(places), "features",
                                f"Computed {done:,} of {int(wanted.sum()):,} outputs of the backbone.")
        return store.read()


def computed(
    places: np.ndarray, pixels: Pixels, config: RunConfig, body: Body
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A chunk of `places` (M, 2), row and flip, at a time, with its features (M, 2K) float16."""

    def compute(places: np.ndarray) -> np.ndarray:
        images = {row: window(pixels.pixels(int(row)), config.height, config.width) for row in np.unique(places[:, 0])}
        batch = np.stack([flipped(images[row], flip) for row, flip in places])
        return pooled(body(normalised(batch, config.normalisation)))

    batches = [places[start : start + _BATCH] for start in range(0, len(places), _BATCH)]
    workers = compute_threads() if isinstance(body, OnnxBody) else 1  # torch has threads of its own
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(batches), _CHUNK_BATCHES):
            chunk = batches[start : start + _CHUNK_BATCHES]
            yield np.concatenate(chunk), np.concatenate(list(pool.map(compute, chunk)))
