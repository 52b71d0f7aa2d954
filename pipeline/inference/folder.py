"""Predictions for many image files, batch by batch; a bad file is reported and the others go on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data.prepare import open_image
from pipeline.errors import ImageError
from pipeline.inference.predictor import Predictor

_BATCH = 32


def predict_files(
    predictor: Predictor,
    paths: list[Path],
    on_problem: Callable[[Path, ImageError], None],
    on_image: Callable[[Path, object], None] = lambda path, image: None,
) -> pd.DataFrame:
    """Probabilities of each readable file.

    Args:
        on_problem: called with the path and the error of each file that cannot be used.
        on_image: called with each opened PIL image before it is prepared (to read its marks).

    Returns:
        A row a file: `image` (the stem), `path`, then one float32 column for each code, alphabetically.
    """
    rows: list[tuple[Path, np.ndarray]] = []
    tables: list[pd.DataFrame] = []

    def flush() -> None:
        if rows:
            shares = predictor.probabilities([pixels for _, pixels in rows])
            table = pd.DataFrame(shares, columns=predictor.info.classes)
            table.insert(0, "path", [str(path) for path, _ in rows])
            table.insert(0, "image", [path.stem for path, _ in rows])
            tables.append(table)
            rows.clear()

    for path in paths:
        try:
            image = open_image(path, path.name)
        except ImageError as error:
            on_problem(path, error)
            continue
        on_image(path, image)
        rows.append((path, predictor.prepare(image)))
        if len(rows) == _BATCH:
            flush()
    flush()
    if not tables:
        return pd.DataFrame(columns=["image", "path", *predictor.info.classes])
    return pd.concat(tables, ignore_index=True)
