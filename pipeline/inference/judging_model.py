"""Which model judged a run's images: its own, or of an evaluation the one that it evaluates. Needs no torch."""

from pipeline.models.model_info import ModelInfo, find_model, read_model_info
from pipeline.runs.run_dir import RunDir
from pipeline.workspace import Workspace


def judging_model(workspace: Workspace, run: RunDir) -> ModelInfo:
    """The description of the model that gave the run's predictions.

    Raises:
        ModelError: it is not here (any more), or its description is damaged.
    """
    judged = run.evaluation()
    return find_model(workspace, judged["model"]) if judged else read_model_info(run.model, run.name)
