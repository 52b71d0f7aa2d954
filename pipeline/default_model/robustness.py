"""How much a model's answers move where only the file changes: the same pictures saved, scaled or turned otherwise."""

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from pipeline.classes import MELANOMA
from pipeline.errors import DataError, ModelError
from pipeline.files.workspace import Workspace
from pipeline.images.reading import open_image
from pipeline.inference.classifier import Classifier, open_classifier
from pipeline.metrics.class_priors import prior_vector
from pipeline.metrics.decisions import DECISIONS, decided
from pipeline.models.model_info import ModelInfo
from pipeline.models.training_images import training_images
from pipeline.progress import Progress, silent

PHONE = (2000, 1500)
SMALL = (200, 150)
_TURN = 5.0  # degrees
_BATCH = 32
_CAMERA_QUALITY = 92  # of a file that a change is saved to where its own quality is not the change

Change = Callable[[Image.Image], Image.Image]


def _saved(image: Image.Image, quality: int) -> Image.Image:
    """The image through a JPEG file with 4:2:0 chroma, as most programs write it."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return Image.open(io.BytesIO(file.getvalue()))


def _resized(image: Image.Image, size: tuple[int, int], quality: int) -> Image.Image:
    """Lying or standing as the image is."""
    target = size if image.width >= image.height else size[::-1]
    return _saved(image.resize(target, Image.Resampling.BICUBIC), quality)


def _turned(image: Image.Image) -> Image.Image:
    """Turned by 5°, then cropped to the largest part of the same shape without corners."""
    width, height, angle = image.width, image.height, math.radians(_TURN)
    scale = min(
        width / (width * math.cos(angle) + height * math.sin(angle)),
        height / (width * math.sin(angle) + height * math.cos(angle)),
    )
    turned = image.rotate(_TURN, Image.Resampling.BICUBIC)
    left, top = (1 - scale) * width / 2, (1 - scale) * height / 2
    box = (math.ceil(left), math.ceil(top), math.floor(width - left), math.floor(height - top))
    return _saved(turned.crop(box), _CAMERA_QUALITY)


CHANGES: dict[str, Change] = {
    "enlarged to 2000×1500": lambda image: _resized(image, PHONE, _CAMERA_QUALITY),
    "JPEG quality 75": lambda image: _saved(image, 75),
    "JPEG quality 50": lambda image: _saved(image, 50),
    "reduced to 200×150, quality 75": lambda image: _resized(image, SMALL, 75),
    "turned by 5° and cropped": _turned,
    "10 % brighter": lambda image: _saved(ImageEnhance.Brightness(image).enhance(1.1), _CAMERA_QUALITY),
    "10 % darker": lambda image: _saved(ImageEnhance.Brightness(image).enhance(0.9), _CAMERA_QUALITY),
}


def robustness(
    workspace: Workspace, info: ModelInfo, files: list[Path], progress: Progress = silent
) -> dict[str, Any]:
    """How much the model's answers to the images move under each of CHANGES, against those to the files as they are.

    Args:
        info: a model with `frequencies`, whose probabilities are those at the data's own frequencies.
        files: images.

    Returns:
        images: how many. trained_on: how many of them, by name, the model was trained on.
        changes: for each of CHANGES `change`, `changed` (for each decision the share, 0..1, of images whose predicted
        diagnosis is another one) and `melanoma` (mean absolute change of the melanoma probability; NaN where the model
        does not know melanoma).

    Raises:
        DataError: there is no image, or the model says no frequencies.
        ImageError: an image cannot be opened.
        ModelError: the model or the list of its training images is damaged.
    """
    if not files:
        raise DataError("There is no image to ask the model about.", "Name a folder with images.")
    if info.frequencies is None:
        raise DataError(f"The model {info.name} does not say how frequent its training diagnoses were.")
    known, classifier = set(training_images(info)["image_id"]), open_classifier(workspace, info)
    rows, clean = [], None
    for number, (words, change) in enumerate([("as they are", None), *CHANGES.items()]):
        progress(number / (len(CHANGES) + 1), f"Asks about {len(files):,} images, {words}.")
        changed = _probabilities(classifier, files, change)
        if clean is None:
            clean = changed
        else:
            rows.append({"change": words, **_moved(info, clean, changed)})
    return {"images": len(files), "trained_on": sum(path.stem in known for path in files), "changes": rows}


def _probabilities(classifier: Classifier, files: list[Path], change: Change | None) -> np.ndarray:
    """(images, diagnoses) probabilities."""
    found = []
    for start in range(0, len(files), _BATCH):
        opened = [open_image(path, path.name) for path in files[start : start + _BATCH]]
        if change is not None:
            opened = [change(image) for image in opened]
        found.append(classifier.probabilities([classifier.prepare(image) for image in opened]))
    return np.concatenate(found)


def _moved(info: ModelInfo, clean: np.ndarray, changed: np.ndarray) -> dict[str, Any]:
    if info.frequencies is None:
        raise ModelError(f"The model {info.name} does not say how frequent each diagnosis was in its training images.",
                         "Make it again.")
    priors = prior_vector(info.frequencies, info.classes)
    answers = {
        decision: [decided(table, priors, decision).argmax(axis=1) for table in (clean, changed)]
        for decision in DECISIONS
    }
    melanoma = math.nan
    if MELANOMA in info.classes:
        place = info.classes.index(MELANOMA)
        melanoma = float(abs(changed[:, place] - clean[:, place]).mean())
    return {
        "changed": {decision: float((one != other).mean()) for decision, (one, other) in answers.items()},
        "melanoma": melanoma,
    }
