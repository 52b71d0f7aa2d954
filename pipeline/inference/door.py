"""Any model, opened: one network, or a mean of some."""

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
