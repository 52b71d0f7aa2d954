"""Prediction sets and checks as `predict` gives them: what holds of all sets, and of one image in a cell of a table."""

from typing import Any

from pipeline.commands.output import Output
from pipeline.files.workspace import current_workspace


def sets_or_reason(info, out: Output):
    """What gives the model's prediction sets (`ModelSets`), and why it has none, which is told on stderr too: one of
    them is None.
    """
    from pipeline.errors import LesionLabError
    from pipeline.models.prediction_sets import model_sets

    try:
        return model_sets(current_workspace(), info), None
    except LesionLabError as error:
        out.warn(f"No prediction sets: {error}")
        return None, str(error)


def sets_object(sets, why_none: str | None) -> dict[str, Any]:
    """The level of all sets (0..1), the decision whose probabilities they are from, the held-out lesions of each
    diagnosis, and whose these are; or why there are none.
    """
    if sets is None:
        return {"level": None, "decision": None, "lesions": None, "origin": None, "problem": why_none}
    from pipeline.metrics.conformal import MISS

    return {"level": 1 - MISS, "decision": sets.held.decision, "lesions": sets.lesions(), "origin": sets.held.origin,
            "problem": None}


def checks_cell(keys) -> str:
    """What the checks of a picture found, in one cell of a table: their keys, or "none"."""
    return " ".join(keys) or "none"


def set_cell(found) -> str:
    """A `PredictionSet` in one cell: its codes, the most probable first; "none" of an empty one, "code?" of one with
    too few held-out lesions to say, nothing where there is no set.
    """
    if found is None:
        return ""
    return " ".join([*(found.codes or ("none",)), *(f"{code}?" for code in found.undefined)])
