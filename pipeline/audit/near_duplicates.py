"""Pairs of images that look like the same photograph or lesion under two lesion_ids.

Two signs are combined. The embedding is EfficientNet-Lite0's pooled ImageNet features, whitened (Jégou & Chum 2012,
Negative evidences and co-occurences in image retrieval: without it what all images of a camera share, such as a dark
rim, outweighs the lesion); it forgives zoom and shift. The perceptual hash, over eight orientations, forgives turning.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from pipeline.audit.perceptual_hash import BITS, grey_square, hash_distances, orientation_hashes
from pipeline.configuration.network_registry import IMAGENET
from pipeline.data.cache import OnTheFlyPixels
from pipeline.data.dataset import Dataset
from pipeline.progress import Progress, silent

THRESHOLD = 0.5  # in HAM10000 pairs of one lesion are seldom below it, and most pairs just above it are look-alikes
MOST = 300  # pairs that a person can look through
_ARCH, _WIDTH, _HEIGHT = "efficientnet_lite0", 160, 120
_BATCH, _BLOCK = 64, 1024
_DIMENSIONS = 512
_IMAGES_A_DIMENSION = 3  # fewer and the whitened directions are noise
_HASH_SHARE = 0.2  # of the similarity; by precision on HAM10000's own pairs of one lesion


def _batches(dataset: Dataset, progress: Progress) -> Iterator[np.ndarray]:
    pixels = OnTheFlyPixels(dataset, _HEIGHT, _WIDTH, "squish")
    with ThreadPoolExecutor(4) as pool:
        for start in range(0, len(pixels), _BATCH):
            end = min(start + _BATCH, len(pixels))
            yield np.stack(list(pool.map(pixels.pixels, range(start, end))))
            progress(0.05 + 0.8 * end / len(pixels), f"Looked at {end:,} of {len(pixels):,} images.")


def describe_images(dataset: Dataset, progress: Progress = silent) -> tuple[np.ndarray, np.ndarray]:
    """What pairs are found by: (N, 1280) float32 pooled features, and (N, 8) uint64 hashes, in the table's order.

    Raises:
        DataError: an image is gone or damaged.
        WeightsError: ImageNet's weights are not installed.
        Cancelled: by `progress`.
    """
    from pipeline.networks.architectures import build_network
    from pipeline.networks.torch_network import body_of

    progress(0.01, "Prepares the network that finds pairs.")
    body = body_of(_ARCH, build_network(_ARCH, 2, "imagenet")[0], "cpu")
    # not what these weights were made for, but what THRESHOLD was chosen with
    mean, std = (np.array(numbers, dtype=np.float32)[:, None, None] for numbers in IMAGENET)
    features, hashes = [], []
    for images in _batches(dataset, progress):
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32) / 255
        features.append(body((planes - mean) / std).mean(axis=(2, 3)))
        hashes.append(orientation_hashes(np.stack([grey_square(image) for image in images])))
    return np.concatenate(features), np.concatenate(hashes)


def whitened(features: np.ndarray) -> np.ndarray:
    """(N, k) unit vectors: features (N, K) without their mean, along their k main directions, each of equal variance.

    k is at most 512, and a third of N.
    """
    centred = features.astype(np.float64) - features.mean(axis=0)
    variance, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    keep = min(_DIMENSIONS, max(len(features) // _IMAGES_A_DIMENSION, 1), int((variance > 1e-9 * variance[-1]).sum()))
    scaled = centred @ (directions[:, -keep:] / np.sqrt(variance[-keep:]))
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return (scaled / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def similar_pairs(features: np.ndarray, hashes: np.ndarray, progress: Progress = silent) -> pd.DataFrame:
    """Every pair whose similarity is at least THRESHOLD, the most similar first.

    The similarity, 0..1, is 0.8 times the cosine of the whitened features plus 0.2 times the agreement of the hashes,
    1 where they are equal and 0 from half of the bits on; neither below 0.

    Returns:
        a, b: rows of the images, a < b; similarity.
    """
    vectors, found = whitened(features), []
    enough = (THRESHOLD - _HASH_SHARE) / (1 - _HASH_SHARE)  # no hash can lift a smaller cosine
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors[start:].T
        a, b = np.nonzero(cosines >= enough)
        a, b, cosine = a[b > a] + start, b[b > a] + start, cosines[a, b][b > a]
        agreement = np.maximum(1 - hash_distances(hashes, a, b) / (BITS / 2), 0)
        similarity = np.clip((1 - _HASH_SHARE) * cosine + _HASH_SHARE * agreement, 0, 1)
        found.append(pd.DataFrame({"a": a, "b": b, "similarity": similarity})[similarity >= THRESHOLD])
        progress(0.86 + 0.08 * min(1, (start + _BLOCK) / len(vectors)), "Compares each image with all others.")
    return pd.concat(found).sort_values(["similarity", "a", "b"], ascending=[False, True, True], ignore_index=True)
