"""What stands behind a run's predictions: the data set that its images are shown from, and the model."""

import contextlib
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from app.loaders import resources
from app.loaders.file_cache import kept
from pipeline.data.dataset import Dataset
from pipeline.errors import ModelError
from pipeline.models.library import model_behind
from pipeline.models.model_info import ModelInfo, bundled_model
from pipeline.models.weights_files import weights_paths
from pipeline.number_words import count
from pipeline.runs.images_behind import images_behind, shared_images
from pipeline.runs.run_dir import RunDir


class Found(NamedTuple):
    """A data set, the ids of those images of the run that it has, and how it was found, in a sentence; each or None."""

    dataset: Dataset | None
    images: pd.Index | None
    note: str | None


@kept(lambda run, dataset: [run.predictions_path, *resources.table_files(dataset)], entries=16)
def _shared(run: RunDir, dataset: Dataset) -> pd.Index:
    """The ids of images that both know under the same diagnosis."""
    return shared_images(resources.predictions(run), resources.metadata(dataset))


def found_data(run: RunDir) -> Found:
    """The data set of `images_behind`, among all that are here."""
    dataset, images = images_behind(run, resources.datasets(), lambda one: _shared(run, one))
    if dataset is None or images is None:
        return Found(dataset, images, None)
    note = (
        f"Images of the data set {dataset.name}, found by id and diagnosis: {count(len(images), 'image')} of the "
        f"{len(resources.predictions(run)):,} that the networks judged. These are other copies, for example in another "
        "size, so the networks saw them otherwise."
    )
    return Found(dataset, images, note)


def compared_rows(run: RunDir, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table with a `part` that a comparison with other runs looks at."""
    part = run.capabilities().compared_on
    return table if part is None else table[table["part"] == part]


def dataset_of(run: RunDir) -> Dataset | None:
    """The data set of `found_data`."""
    return found_data(run).dataset


def found_files(run: RunDir) -> list[Path]:
    """The files that decide which images of the run are here, and what is known of them."""
    found = found_data(run)
    return resources.table_files(found.dataset) if found.images is None else [
        run.predictions_path, *resources.table_files(found.dataset)]


@kept(lambda run, dataset: [run.predictions_path, *resources.table_files(dataset)], entries=8)
def _judged(run: RunDir, dataset: Dataset) -> pd.DataFrame:
    table = resources.metadata(dataset)
    return table[table.index.isin(_shared(run, dataset))]


def images_of(run: RunDir, found: Found) -> pd.DataFrame | None:
    """The table of `found`'s data set by image_id, of one found by ids only the images that the run judged; None where
    none was found.

    Shared, so not to be changed.
    """
    if found.dataset is None:
        return None
    return resources.metadata(found.dataset) if found.images is None else _judged(run, found.dataset)


def model_of(run: RunDir) -> ModelInfo | None:
    """The run's own model, the one that an evaluation judged, or the bundled networks; None where it is not here."""
    with contextlib.suppress(ModelError):
        return model_behind(resources.workspace(), run)
    return None


def noticed_model(run: RunDir) -> ModelInfo | None:
    """The model whose notice stands under the run's outputs: `model_of`, or for networks of folds the shipped one."""
    return bundled_model() if run.capabilities().has_folds else model_of(run)


def can_answer(info: ModelInfo | None) -> bool:
    """Whether the model and all its weights are here."""
    if info is None:
        return False
    paths = weights_paths(resources.workspace(), info)
    return len(paths) == (len(info.members) or len(info.folds) or 1) and all(path.exists() for path in paths)
