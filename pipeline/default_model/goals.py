"""What the bundled model was to reach on lesion-grouped out-of-fold predictions of the whole of HAM10000."""

from dataclasses import dataclass
from typing import Any

from pipeline.vocabulary import Decision


@dataclass(frozen=True)
class Goal:
    """A figure of `decision_figures`' `overall` and its goal.

    Attributes:
        key: of the figure.
        words: what it is called.
        decision: that it follows; None for a figure of the probabilities themselves.
        goal: to reach: at least that much, or at most where `lower` is set.
        share: whether it is told as a percentage.
    """

    key: str
    words: str
    decision: Decision | None
    goal: float
    lower: bool = False
    share: bool = True

    def reached(self, value: float) -> bool:
        return value <= self.goal if self.lower else value >= self.goal


GOALS = (
    Goal("balanced_accuracy", "balanced accuracy (mean sensitivity)", "balanced", 0.80),
    Goal("accuracy", "accuracy", "as-data", 0.86),
    Goal("macro_auc", "AUC, mean of each diagnosis against the rest", None, 0.97, share=False),
    Goal("melanoma_auc", "melanoma AUC", None, 0.93, share=False),
    Goal("melanoma_sensitivity", "melanoma sensitivity", "balanced", 0.75),
    Goal("calibration_error", "expected calibration error, 15 bins", "as-data", 0.03, lower=True, share=False),
)


def against_goals(overall: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a goal: figure, decision, value, low, high, goal, at_most (else at least), reached.

    Args:
        overall: `overall` of `decision_figures`.
    """
    rows = []
    for goal in GOALS:
        value, low, high = overall[goal.key]
        rows.append({
            "figure": goal.key, "decision": goal.decision, "value": value, "low": low, "high": high, "goal": goal.goal,
            "at_most": goal.lower, "reached": goal.reached(value),
        })
    return rows
