"""Any model, opened: one network, or a mean of some."""

import numpy as np

from pipeline.inference.ensemble import Ensemble
from pipeline.inference.predictor import Predictor
from pipeline.models.members import members_of
from pipeline.models.model_info import ModelInfo
from pipeline.models.trained_on import training_shares
from pipeline.workspace import Workspace

Door = Predictor | Ensemble


def open_model(workspace: Workspace, info: ModelInfo, device: str = "cpu") -> Door:
    """What gives the model's probabilities and heatmaps.

    Raises:
        ModelError: weights are missing or do not fit, or a member is gone or another by now.
    """
    if not info.members:
        return Predictor(info, device=device)
    members = members_of(workspace, info)
    return Ensemble(info, members, [training_shares(workspace, member) for member in members], device)


def as_input(door: Door, images: list[np.ndarray]) -> np.ndarray | list[np.ndarray]:
    """Prepared images as `judge` takes them: in one array, where they have one size by nature."""
    return images if isinstance(door, Ensemble) else np.stack(images)
