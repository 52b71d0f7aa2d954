"""Predictions for many image files, batch by batch; a bad file is reported and the others go on."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.data.prepare import open_image
from pipeline.errors import ImageError
from pipeline.inference.predictor import Predictor
from pipeline.shown import as_printed

_BATCH = 8  # EfficientNet-Lite0 at 224 px takes 17 % longer an image in batches of 32, which leave the caches
_THREADS = min(4, os.cpu_count() or 1)
_AHEAD = 2 * _THREADS  # opened images in memory, each of 180 MB at the very most


def _opened(predictor: Predictor, path: Path) -> tuple[Image.Image, np.ndarray] | ImageError:
    try:
        image = open_image(path, path.name)
    except ImageError as error:
        return error
    return image, predictor.prepare(image)


def _opened_ahead(
    predictor: Predictor, paths: list[Path]
) -> Iterator[tuple[Path, tuple[Image.Image, np.ndarray] | ImageError]]:
    """Each path, in order, with its opened and prepared image; a few threads work a few images ahead."""
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting = deque()
        for path in paths:
            waiting.append((path, pool.submit(_opened, predictor, path)))
            if len(waiting) == _AHEAD:
                first, image = waiting.popleft()
                yield first, image.result()
        for last, image in waiting:
            yield last, image.result()


def predict_files(
    predictor: Predictor,
    paths: list[Path],
    on_problem: Callable[[Path, ImageError], None],
    on_image: Callable[[Path, object], None] = lambda path, image: None,
) -> pd.DataFrame:
    """Probabilities of each readable file; the next images are decoded while the network works.

    Args:
        on_problem: called with the path and the error of each file that cannot be used.
        on_image: called with each opened PIL image (to read its marks); both in the order of `paths`.

    Returns:
        A row a file: `image` (the stem) and `path`, both as they can be printed on one line, then one float32 column
        for each code, alphabetically.
    """
    used: list[Path] = []
    batch: list[np.ndarray] = []
    shares: list[np.ndarray] = []
    for path, opened in _opened_ahead(predictor, paths):
        if isinstance(opened, ImageError):
            on_problem(path, opened)
            continue
        image, pixels = opened
        on_image(path, image)
        used.append(path)
        batch.append(pixels)
        if len(batch) == _BATCH:
            shares.append(predictor.probabilities(batch))
            batch.clear()
    if batch:
        shares.append(predictor.probabilities(batch))
    if not used:
        return pd.DataFrame(columns=["image", "path", *predictor.info.classes])
    table = pd.DataFrame(np.concatenate(shares), columns=predictor.info.classes)
    table.insert(0, "path", [as_printed(path) for path in used])
    table.insert(0, "image", [as_printed(path.stem) for path in used])
    return table
