"""The data set that the images of a run's predictions are shown from."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from pipeline.data.dataset import Dataset
from pipeline.runs.run_dir import RunDir


class ImagesBehind(NamedTuple):
    """A data set; and where it was found by ids and diagnoses alone, as other copies of the images that the run judged,
    the ids of those that it has. Each or None."""

    dataset: Dataset | None
    images: pd.Index | None


def shared_images(predictions: pd.DataFrame, metadata: pd.DataFrame) -> pd.Index:
    """The ids of images that both know under the same diagnosis; `metadata` is indexed by image_id."""
    truths = predictions.set_index("image_id")["truth"]
    known = metadata["dx"].reindex(truths.index)
    return truths.index[(known == truths).to_numpy()]


def images_behind(run: RunDir, here: Sequence[Dataset], shared: Callable[[Dataset], pd.Index]) -> ImagesBehind:
    """The data set that the run names, or of a run that names none the one of its content, whatever it is called, else
    the one that has most of its images by id and diagnosis.

    Args:
        here: the data sets to choose among.
        shared: the run's `shared_images` with one of them.
    """
    config = run.config()
    if run.capabilities().names_its_data:
        return ImagesBehind(next((d for d in here if d.name == config.data), None), None)
    same = next((d for d in here if d.content_hash == config.data_hash), None)
    if same is not None:
        return ImagesBehind(same, None)
    images = {d.name: shared(d) for d in here if not d.generated}
    best = max(images, key=lambda name: len(images[name]), default=None)
    if best is None or not len(images[best]):
        return ImagesBehind(None, None)
    return ImagesBehind(next(d for d in here if d.name == best), images[best])
