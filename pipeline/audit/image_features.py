"""What the audit compares images by: a network's pooled features and perceptual hashes, some images at a time."""

from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Literal

import numpy as np

from pipeline.audit.perceptual_hash import ORIENTATIONS, grey_square, orientation_hashes
from pipeline.configuration.network_registry import IMAGENET
from pipeline.data.cache import OnTheFlyPixels
from pipeline.data.dataset import Dataset
from pipeline.files.row_store import RowKind, RowStore
from pipeline.progress import Progress, silent

_ARCH, _WIDTH, _HEIGHT = "efficientnet_lite0", 160, 120
_FEATURES = 1280
_BATCH, _CHUNK = 64, 1024
_ROWS = 16_384  # whose features are in memory together when they are whitened
_DIMENSIONS = 512
_IMAGES_A_DIMENSION = 3  # fewer and the whitened directions are noise
_VERSION = "1"  # to be raised whenever other features are computed


def describe_images(dataset: Dataset, progress: Progress = silent) -> RowStore:
    """What pairs are found by, in the table's order: `features` (N, 1280) float32, pooled, and `hashes` (N, 8) uint64.

    They lie with the data set's cache, 5 KB an image, until whoever asked removes them; what a stop or a kill leaves is
    used the next time.

    Raises:
        DataError: an image is gone or damaged.
        WeightsError: ImageNet's weights are not installed.
        WorkspaceError: the disk is full or cannot be written.
        Cancelled: by `progress`.
    """
    kinds = {"features": RowKind("<f4", (_FEATURES,)), "hashes": RowKind("<u8", (ORIENTATIONS,))}
    key = {"version": _VERSION, "content_hash": dataset.content_hash}
    store = RowStore(dataset.folder / "cache" / "audit", key, dataset.images, kinds, _CHUNK, progress)
    if missing := store.missing():
        _describe(dataset, store, missing, progress)
    return store


def _describe(dataset: Dataset, store: RowStore, missing: list[slice], progress: Progress) -> None:
    from pipeline.networks.architectures import build_network
    from pipeline.networks.torch_network import body_of

    progress(0.01, "Prepares the network that finds pairs.")
    body = body_of(_ARCH, build_network(_ARCH, 2, "imagenet")[0], "cpu")
    # not what these weights were made for, but what the threshold was chosen with
    mean, std = (np.array(numbers, dtype=np.float32)[:, None, None] for numbers in IMAGENET)
    pixels = OnTheFlyPixels(dataset, _HEIGHT, _WIDTH, "squish")
    with ThreadPoolExecutor(4) as pool:
        for chunk in missing:
            features, hashes = [], []
            for start in range(chunk.start, chunk.stop, _BATCH):
                images = _images(pixels, range(start, min(start + _BATCH, chunk.stop)), pool)
                planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32) / 255
                features.append(body((planes - mean) / std).mean(axis=(2, 3)))
                hashes.append(orientation_hashes(np.stack([grey_square(image) for image in images])))
                done = start + len(images)
                progress(0.05 + 0.8 * done / len(pixels), f"Looked at {done:,} of {len(pixels):,} images.")
            store.write(chunk, features=np.concatenate(features), hashes=np.concatenate(hashes))


def _images(pixels: OnTheFlyPixels, rows: range, pool: Executor) -> np.ndarray:
    return np.stack(list(pool.map(pixels.pixels, rows)))


def whitened(features: np.ndarray, dtype: Literal["float16", "float32"] = "float32") -> np.ndarray:
    """(N, k) unit vectors: features (N, K) without their mean, along their k main directions, each of equal variance.

    k is at most 512, and a third of N. `features` may be mapped from a file: some rows are in memory together.
    """
    images = len(features)
    blocks = [slice(start, start + _ROWS) for start in range(0, images, _ROWS)]
    mean, spread = np.zeros(features.shape[1]), np.zeros((features.shape[1], features.shape[1]))
    for rows in blocks:
        mean += features[rows].sum(axis=0, dtype=np.float64) / images
    for rows in blocks:
        centred = features[rows].astype(np.float64) - mean
        spread += centred.T @ centred
    variance, directions = np.linalg.eigh(spread / images)
    keep = min(_DIMENSIONS, max(images // _IMAGES_A_DIMENSION, 1), int((variance > 1e-9 * variance[-1]).sum()))
    along = directions[:, -keep:] / np.sqrt(variance[-keep:])
    vectors = np.empty((images, keep), dtype=dtype)
    for rows in blocks:
        scaled = (features[rows].astype(np.float64) - mean) @ along
        lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
        vectors[rows] = scaled / np.where(lengths > 0, lengths, 1)
    return vectors
