"""Predictions for many image files, batch by batch; a bad file is reported and the others go on."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.errors import ImageError
from pipeline.images.colours import pixels_of
from pipeline.images.generated import is_generated
from pipeline.images.reading import opened
from pipeline.inference.classifier import Classifier
from pipeline.inference.cross_validated import answers_of_networks, recognise
from pipeline.models.prediction_sets import ModelSets
from pipeline.models.recognition import Recognised
from pipeline.shown import as_printed
from pipeline.suitability.checks import check_picture

_BATCH = 8  # EfficientNet-Lite0 at 224 px takes 17 % longer an image in batches of 32, which leave the caches
_THREADS = min(4, os.cpu_count() or 1)
_AHEAD = 2 * _THREADS  # prepared images in memory
_LARGE = 2**25  # bytes of one that is not kept until its turn; only a mean of models takes images as large as they are


class _Prepared(NamedTuple):
    """What the network sees of a file, whether it carries the mark of generated images, which training image it is,
    where the classifier knows it, and what its checks found, where they were asked for."""

    pixels: np.ndarray
    generated: bool
    recognised: Recognised | None = None
    found: tuple[str, ...] = ()


def _prepared(classifier: Classifier, path: Path, checked: bool) -> _Prepared | ImageError:
    try:
        with opened(path, path.name) as image:
            pixels, generated = classifier.prepare(image), is_generated(image)
            found = tuple(one.key for one in check_picture(pixels_of(image))) if checked else ()
        return _Prepared(pixels, generated, recognise(classifier, pixels, path.stem), found)
    except ImageError as error:
        return error


def _ahead(classifier: Classifier, path: Path, checked: bool) -> _Prepared | ImageError | None:
    """As `_prepared`; None for a large image, which is prepared when its turn comes."""
    found = _prepared(classifier, path, checked)
    return None if isinstance(found, _Prepared) and found.pixels.nbytes > _LARGE else found


def _in_order(
    classifier: Classifier, paths: list[Path], checked: bool
) -> Iterator[tuple[Path, _Prepared | ImageError]]:
    """Each path with what came of it; a few threads work a few images ahead."""
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting: deque[tuple[Path, Future[_Prepared | ImageError | None]]] = deque()
        for path in [*paths, None]:
            while waiting and (path is None or len(waiting) == _AHEAD):
                first, found = waiting.popleft()
                yield first, found.result() or _prepared(classifier, first, checked)
            if path is not None:
                waiting.append((path, pool.submit(_ahead, classifier, path, checked)))


def _answers(classifier: Classifier, batch: list[_Prepared]) -> list[np.ndarray]:
    """For each image (networks, C) probabilities: of the network that was not trained on it where there is one, else of
    each."""
    networks = [one.recognised.network if one.recognised else None for one in batch]
    return answers_of_networks(classifier, [one.pixels for one in batch], networks)


def predict_files(
    classifier: Classifier,
    paths: list[Path],
    on_problem: Callable[[Path, ImageError], None],
    on_image: Callable[[Path, bool], None] = lambda path, generated: None,
    on_recognised: Callable[[Path, Recognised], None] = lambda path, recognised: None,
    sets: ModelSets | None = None,
    checked: bool = False,
) -> pd.DataFrame:
    """Probabilities of each readable file; the next images are decoded while the network works.

    Args:
        on_problem: called with the path and the error of each file that cannot be used.
        on_image: called with the path of each image and whether it carries the mark of generated images.
        on_recognised: called with the path of each image that a cross-validation's networks know, and which it is; all
            three in the order of `paths`.
        sets: the model's; None: it has none.
        checked: whether each picture is checked, too: some milliseconds each.

    Returns:
        A row a file: `image` (the stem) and `path`, both as they can be printed on one line, one float32 column for
        each code, alphabetically, then `recognised`, the image_id of the training image that it is, `network`, the
        fold whose network alone answered, and `set`, a PredictionSet; each None where there is none. Last `checks`, the
        keys of the checks that fired, where they were asked for.
    """
    used: list[Path] = []
    batch: list[_Prepared] = []
    known: list[Recognised | None] = []
    of_networks: list[np.ndarray] = []
    fired: list[tuple[str, ...]] = []
    for path, found in _in_order(classifier, paths, checked):
        if isinstance(found, ImageError):
            on_problem(path, found)
            continue
        on_image(path, found.generated)
        if found.recognised:
            on_recognised(path, found.recognised)
        used.append(path)
        known.append(found.recognised)
        fired.append(found.found)
        batch.append(found)
        if len(batch) == _BATCH or found.pixels.nbytes > _LARGE:
            of_networks += _answers(classifier, batch)
            batch.clear()
    if batch:
        of_networks += _answers(classifier, batch)
    if not used:
        last = ["recognised", "network", "set", *(["checks"] if checked else [])]
        return pd.DataFrame(columns=["image", "path", *classifier.info.classes, *last])
    table = pd.DataFrame(np.stack([each.mean(axis=0, dtype=np.float64).astype(np.float32) for each in of_networks]),
                         columns=classifier.info.classes)
    table.insert(0, "path", [as_printed(path) for path in used])
    table.insert(0, "image", [as_printed(path.stem) for path in used])
    table["recognised"] = pd.Series([one.image_id if one else None for one in known], dtype=object)
    table["network"] = pd.Series([one.network if one else None for one in known], dtype=object)
    table["set"] = pd.Series([
        sets.of(each, path.stem, one) if sets else None
        for each, one, path in zip(of_networks, known, used, strict=True)
    ], dtype=object)
    if checked:
        table["checks"] = pd.Series(fired, dtype=object)
    return table
