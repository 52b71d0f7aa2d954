"""Images as a run's network sees them, one by one: a training run's from the cache that it trained on, an evaluation's
prepared by the model's own door.
"""

from collections.abc import Callable

import numpy as np

from pipeline.config import RunConfig
from pipeline.data.cache import open_pixels
from pipeline.data.dataset import Dataset
from pipeline.data.prepare import window
from pipeline.errors import DataError, ImageError
from pipeline.images.reading import opened
from pipeline.inference.door import Door
from pipeline.progress import Progress

Prepared = Callable[[str], np.ndarray]


def from_cache(dataset: Dataset, config: RunConfig, progress: Progress, note: Callable[[str], None]) -> Prepared:
    """uint8 (height, width, 3) by image_id.

    Raises:
        Cancelled: by `progress`.
        DataError: the data set has lost images.
    """
    size = config.height, config.width
    pixels = open_pixels(dataset, *size, config.resize, progress, note)
    row = {image_id: number for number, image_id in enumerate(dataset.metadata()["image_id"])}
    return lambda image_id: window(pixels.pixels(row[image_id]), *size)


def from_files(dataset: Dataset, door: Door) -> Prepared:
    """uint8 (H, W, 3) by image_id; it raises a DataError for an image that the data set has lost."""
    files = dataset.metadata().set_index("image_id")["file"]

    def prepared(image_id: str) -> np.ndarray:
        try:
            with opened(dataset.image_path(files[image_id]), files[image_id]) as image:
                return door.prepare(image)
        except ImageError as error:
            raise DataError(f"The data set {dataset.name} has lost an image: {error.problem}",
                            "Import it again under the same name, which restores its images.") from error

    return prepared
