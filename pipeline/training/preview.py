"""What the network will see: some training images before and after the loader and the transforms of the trainer."""

import base64
import random
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from pipeline.configuration.config import RunConfig
from pipeline.configuration.network_registry import Normalisation
from pipeline.data.dataset import Dataset
from pipeline.data.prepare import prepare_image
from pipeline.images.reading import open_image
from pipeline.progress import Progress, silent
from pipeline.training.augmentation import AUGMENTATIONS
from pipeline.training.batch_pictures import as_pictures, jpeg
from pipeline.training.batches import make_loaders
from pipeline.training.estimate import FewPixels
from pipeline.training.extra_images import Extra
from pipeline.training.feature_store import FLIPS
from pipeline.training.features import flipped
from pipeline.training.parts import planned, undecoded

IMAGES, VARIANTS = 8, 2
SHOWN = 512  # pixels: larger pictures are reduced to that, so that an answer stays within a few megabytes


@dataclass(frozen=True)
class PreviewedImage:
    """One training image; its pictures are JPEG files of up to SHOWN pixels a side.

    Attributes:
        truth, truth_source: its code, and `dx_type` where the data set has it.
        width, height: as imported, in pixels.
        imported: the image as it was imported, upright.
        fitted: as it comes to the network without random changes, in validation.
        variants: as it comes to the network in training; another one in each epoch.
    """

    image_id: str
    truth: str
    truth_source: str | None
    width: int
    height: int
    imported: bytes
    fitted: bytes
    variants: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        pictures = {"imported": _base64(self.imported), "fitted": _base64(self.fitted)}
        return {**asdict(self), **pictures, "variants": [_base64(variant) for variant in self.variants]}


@dataclass(frozen=True)
class Preview:
    """A batch preview.

    Attributes:
        width, height: the network's input in pixels.
        steps: what is done to the images, a sentence each.
        images: different diagnoses first.
    """

    width: int
    height: int
    generated: bool
    steps: tuple[str, ...]
    images: tuple[PreviewedImage, ...]

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__, "images": [image.to_json() for image in self.images]}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def steps_in_words(config: RunConfig) -> tuple[str, ...]:
    """What happens to an image on its way into the network: resize, augment, normalize; a sentence each."""
    size = f"{config.width}×{config.height} pixels"
    if config.resize == "squish":
        fitting = f"Each image is squished to {size}: all of it is there, its proportions may change."
    else:
        ends = "at both ends alike" if config.only_features else "at random in training, at both ends alike in "\
            "validation"
        fitting = f"Each image is scaled until it covers {size}; what is too long is cropped: {ends}."
    scale = "Colours go in as numbers from 0 to 1"
    if config.normalize:
        mean, std = (", ".join(f"{number:g}" for number in numbers) for numbers in config.normalisation)
        scale = "Colours go in as numbers from 0 to 1, less the mean that the weights were made with " \
            f"({mean} for red, green and blue) and over its deviation ({std}); for the pictures here this is undone"
    augment = AUGMENTATIONS[config.augment].words
    if config.features:
        augment = config.features_words if config.only_features else f"{config.features_words} Then: {augment}"
    return (
        f"Fitting (resize={config.resize}). {fitting}",
        f"Augmentation (augment={config.augment}). {augment}",
        f"Normalisation (normalize={'yes' if config.normalize else 'no'}). {scale}.",
    )


def draw_images(targets: np.ndarray, seed: int, draw: int = 0) -> np.ndarray:
    """Places of up to IMAGES images: a round through the diagnoses at random, then another one.

    Args:
        targets: class index of each training image.
        draw: another number gives other images.
    """
    order = np.random.default_rng((seed, draw)).permutation(len(targets))
    shuffled = pd.Series(targets[order])
    rounds = shuffled.groupby(shuffled).cumcount().to_numpy()
    return order[np.argsort(rounds, kind="stable")[:IMAGES]]


def _in_order(loader, normalisation: Normalisation) -> np.ndarray:
    """The one batch of a loader, in the order of its targets, which are places."""
    batch, places = next(iter(loader))
    return as_pictures(batch, normalisation)[np.argsort(places.numpy())]


def network_inputs(
    dataset: Dataset, config: RunConfig, rows: np.ndarray, seed: int, extra: Extra | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The images of `rows` as the trainer's own loaders give them to the network, without the normalisation.

    Returns:
        fitted (N, H, W, 3) and variants (VARIANTS, N, H, W, 3), uint8.

    Raises:
        DataError: an image's file is gone or damaged.
    """
    pixels = FewPixels(undecoded(dataset, config, extra), rows)
    places = np.arange(len(rows))
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    parts = {"train": (rows, places), "validation": (rows, places)}
    loaders = make_loaders(pixels, parts, replace(config, batch_size=len(rows)), "cpu")
    fitted = _in_order(loaders.valid, config.normalisation)
    if config.only_features:
        flips = np.random.randint(FLIPS if config.augment != "none" else 1, size=(VARIANTS, len(rows)))
        return fitted, np.stack([[flipped(*pair) for pair in zip(fitted, some, strict=True)] for some in flips])
    return fitted, np.stack([_in_order(loaders.train, config.normalisation) for _ in range(VARIANTS)])


def _imported(dataset: Dataset, row: pd.Series) -> bytes:
    shrink = min(1.0, SHOWN / max(row["width"], row["height"]))
    size = max(1, round(row["height"] * shrink)), max(1, round(row["width"] * shrink))
    image = open_image(dataset.image_path(row["file"]), row["file"])
    return jpeg(prepare_image(image, *size, "squish"), SHOWN, dataset.generated)


def preview_batch(dataset: Dataset, config: RunConfig, draw: int = 0, progress: Progress = silent) -> Preview:
    """Some images of the training part that `config` asks for, before and after its transforms. Keeps nothing.

    Args:
        draw: another number gives other images and other variants.

    Raises:
        DataError: the split cannot be made, or an image is gone or damaged.
        TrainingError: there are fewer than two training images.
        Cancelled: by `progress`.
    """
    progress(0.6, "Splits the data set.")
    split, parts, extra = planned(dataset, config, progress)
    tables, steps = [dataset.metadata()], steps_in_words(config)
    if extra is not None:
        tables.append(extra.dataset.metadata())
        steps = (*steps, f"Extra images (extra={extra.dataset.name}). {' '.join(extra.sentences(split))}")
    rows, targets = parts["train"]
    rows = rows[draw_images(targets, config.seed, draw)]
    progress(0.8, "Prepares the images as training does.")
    fitted, variants = network_inputs(dataset, config, rows, config.seed + draw, extra)
    images = []
    for number, (place, row) in enumerate(pd.concat(tables, ignore_index=True).iloc[rows].iterrows()):
        of = dataset if extra is None or place < dataset.images else extra.dataset
        images.append(PreviewedImage(
            row["image_id"], row["dx"], None if pd.isna(row["dx_type"]) else row["dx_type"], int(row["width"]),
            int(row["height"]), _imported(of, row), jpeg(fitted[number], SHOWN, dataset.generated),
            tuple(jpeg(variant[number], SHOWN, dataset.generated) for variant in variants),
        ))
    return Preview(config.width, config.height, dataset.generated, steps, tuple(images))
