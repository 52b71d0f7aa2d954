"""What the bundled model was to reach on lesion-grouped out-of-fold predictions of the whole of HAM10000."""

from dataclasses import dataclass
from typing import Any

from pipeline.metrics.metric_registry import METRICS, Metric


@dataclass(frozen=True)
class Goal:
    """A figure of `decision_figures`' `overall` and its goal.

    Attributes:
        key: of the figure in the registry.
        goal: to reach: at least that much, or at most where `lower` is set.
    """

    key: str
    goal: float
    lower: bool = False

    @property
    def metric(self) -> Metric:
        """The figure."""
        return METRICS[self.key]

    def reached(self, value: float) -> bool:
        """Whether `value` is as good as the goal; NaN is not."""
        return value <= self.goal if self.lower else value >= self.goal


GOALS = (
    Goal("balanced_accuracy", 0.80),
    Goal("accuracy", 0.86),
    Goal("macro_auc", 0.97),
    Goal("melanoma_auc", 0.93),
    Goal("melanoma_sensitivity", 0.70),
    Goal("nevi_called_melanoma", 0.15, lower=True),
    Goal("calibration_error", 0.02, lower=True),
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
            "figure": goal.key, "decision": goal.metric.decision, "value": value, "low": low, "high": high,
            "goal": goal.goal, "at_most": goal.lower, "reached": goal.reached(value),
        })
    return rows
