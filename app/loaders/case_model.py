"""The model behind a run's predictions, and an image file as it saw it."""

import contextlib
from pathlib import Path

import numpy as np
from PIL import Image

from app.loaders import resources
from app.loaders.file_cache import kept
from pipeline.data.prepare import prepare_image, viewed
from pipeline.errors import ModelError
from pipeline.models.combined import weights_paths
from pipeline.models.library import model_behind
from pipeline.models.model_info import ModelInfo, bundled_model
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import View


def model_of(run: RunDir) -> ModelInfo | None:
    """The run's own model, or the one that an evaluation judged; None where it is not here, as no network of folds is.
    """
    with contextlib.suppress(ModelError):
        return model_behind(resources.workspace(), run)
    return None


def noticed_model(run: RunDir) -> ModelInfo | None:
    """The model whose notice stands under the run's outputs: `model_of`, or for networks of folds the shipped one."""
    return bundled_model() if resources.capabilities(run).has_folds else model_of(run)


def can_answer(info: ModelInfo | None) -> bool:
    """Whether the model and all its weights are here."""
    if info is None:
        return False
    paths = weights_paths(resources.workspace(), info)
    return len(paths) == max(len(info.members), 1) and all(path.exists() for path in paths)


@kept(lambda path, *shape: [path], entries=64, copied=True)
def _reduced(path: Path, height: int, width: int, resize: str, detail: tuple[int, int], view: View) -> np.ndarray:
    return prepare_image(Image.fromarray(resources.untouched(path)), height, width, resize, detail, view)


def seen_by(info: ModelInfo, path: Path) -> np.ndarray:
    """An image file as the model prepares it, uint8 (H, W, 3): a mean of models whose members squish takes all
    of the part that they see.

    Raises:
        ImageError: it cannot be read.
    """
    if info.members and info.resize != "crop":
        return np.asarray(viewed(Image.fromarray(resources.untouched(path)), info.view))
    if info.detail is None:
        return resources.as_seen(path, info.height, info.width, info.resize, info.view)
    return _reduced(path, info.height, info.width, info.resize, info.detail, info.view)
