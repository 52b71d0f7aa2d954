"""The model behind a run's predictions, and an image file as it saw it."""

import contextlib
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from app.loaders import resources
from app.loaders.resources import Stamp, stamp
from pipeline.data.prepare import prepare_image, viewed
from pipeline.errors import ModelError
from pipeline.inference.judging_model import judging_model
from pipeline.models.members import weights_paths
from pipeline.models.model_info import ModelInfo
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import View


def model_of(run: RunDir) -> ModelInfo | None:
    """The run's own model, or the one that an evaluation judged; None where it is not here, and for the bundled run,
    whose networks are not.
    """
    if not run.bundled:
        with contextlib.suppress(ModelError):
            return judging_model(resources.workspace(), run)
    return None


def can_answer(info: ModelInfo | None) -> bool:
    """Whether the model and all its weights are here."""
    if info is None:
        return False
    paths = weights_paths(resources.workspace(), info)
    return len(paths) == max(len(info.members), 1) and all(path.exists() for path in paths)


@st.cache_data(max_entries=64, show_spinner=False)
def _reduced(of: Stamp, height: int, width: int, resize: str, detail: tuple[int, int], view: View) -> np.ndarray:
    return prepare_image(Image.fromarray(resources.untouched(Path(of[0]))), height, width, resize, detail, view)


def seen_by(info: ModelInfo, path: Path) -> np.ndarray:
    """An image file as the model's door prepares it, uint8 (H, W, 3): a mean of models whose members squish takes all
    of the part that they see.

    Raises:
        ImageError: it cannot be read.
    """
    if info.members and info.resize != "crop":
        return np.asarray(viewed(Image.fromarray(resources.untouched(path)), info.view))
    if info.detail is None:
        return resources.as_seen(path, info.height, info.width, info.resize, info.view)
    return _reduced(stamp(path), info.height, info.width, info.resize, info.detail, info.view)
