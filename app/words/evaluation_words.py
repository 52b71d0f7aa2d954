"""The words of pages about figures: decisions, intervals, and a part's figures in one line."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.metrics.metric_registry import metrics_of
from pipeline.metrics.units import SHARE, Unit, bounds_words, with_interval
from pipeline.vocabulary import Decision

PART_WORDS = {"validation": "Validation", "test": "Test"}
DECISION_WORDS = {"as-data": "as-data: as frequent as in the data", "balanced": "balanced: all diagnoses alike"}
ANSWER_WORDS: dict[Decision, str] = {  # before one answer
    "as-data": "Highest probability (as-data)", "balanced": "All diagnoses weighed alike (balanced)",
}


def interval(bounded: Sequence[float | None], unit: Unit = SHARE) -> str:
    """ "95 % interval" and its ends in two lines, of value, low and high; a dash for the ends that are undefined."""
    _, low, high = bounded
    return f"95 % interval  \n{bounds_words((low, high), unit)}"


def headline(figures: Mapping[str, Any], bounded: bool = False) -> str:
    """ "balanced accuracy 61.3 %, accuracy 80.2 %, mean AUC 0.912" of the stored figures of a part; `bounded`: with
    their intervals."""
    bounds = figures.get("intervals", {}) if bounded else {}
    return ", ".join(
        f"{metric.name} {with_interval((figures.get(metric.key), *bounds.get(metric.key, (None, None))), metric.unit)}"
        for metric in metrics_of("part") if metric.interval
    )
