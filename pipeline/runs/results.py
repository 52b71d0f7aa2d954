"""What `results.json` holds, and a model's validation figures alike: the shape of what `evaluate_run` computed.

`None` is what is undefined. Runs that were evaluated by an earlier version lack what is not required here.
"""

from typing import TYPE_CHECKING, Annotated, Any, NotRequired, cast

from annotated_types import Interval, Len
from typing_extensions import TypedDict

from pipeline.files.bounds import Count, Share, Word
from pipeline.files.disk import REPAIR
from pipeline.files.records import RecordError
from pipeline.metrics.metric_registry import TARGET_METRICS, metrics_of
from pipeline.metrics.sampled import targets
from pipeline.metrics.units import Unit

Pair = Annotated[list[Share | None], Len(2, 2)]  # low, high
Three = Annotated[list[Share | None], Len(3, 3)]  # value, low, high
Distances = Annotated[list[Annotated[float, Interval(ge=0, le=2)] | None], Len(2, 3)]  # of Brier scores
Recognised = Annotated[list[Count | Share | None], Len(3, 3)]  # lesions, low, high


def _value(unit: Unit) -> Any:
    return Annotated[float, Interval(ge=unit.low, le=unit.high)] | None


def _values(unit: Unit, n: int) -> Any:
    kind: Any = list
    return Annotated[kind[_value(unit)], Len(n, n)]


# of each figure that this version knows: an earlier one stored fewer, a later one more
if TYPE_CHECKING:  # which reads no list of figures
    class OfPart(TypedDict):
        """The figures of a part by key."""

    class Intervals(TypedDict):
        """Low and high of the figures of a part by key."""

    class Overall(TypedDict):
        """Value, low and high of the figures under a decision by key."""

    class OfTarget(TypedDict):
        """Value, low and high of the figures of a target by key."""
else:
    OfPart = TypedDict("OfPart", {
        metric.key: NotRequired[_value(metric.unit)] for metric in metrics_of("part")
    })
    Intervals = TypedDict("Intervals", {
        metric.key: NotRequired[_values(metric.unit, 2)] for metric in metrics_of("part") if metric.interval
    })
    Overall = TypedDict("Overall", {
        metric.key: NotRequired[_values(metric.unit, 3)] for metric in metrics_of("decision")
    })
    OfTarget = TypedDict("OfTarget", {
        key: NotRequired[_values(metric.unit, 3)] for key, metric in TARGET_METRICS.items()
    })


class MelanomaCount(TypedDict):
    """See `metrics.lesion_answers.MelanomaCount`."""

    lesions: Count
    called_else: Count
    low: Share | None
    high: Share | None


class DiagnosisFigures(TypedDict):
    """See `metrics.part_figures.summarise`."""

    images: Count
    lesions: Count
    sensitivity: Share | None
    specificity: Share | None
    auc: Share | None


class TargetFigures(OfTarget):
    """See `metrics.diagnosis_table`."""

    images: Count
    lesions: Count
    prevalence: Share | None
    recognised: Recognised


class ScorerFigures(TypedDict):
    """See `metrics.isic_scorer.IsicScores`."""

    balanced_accuracy: Share | None
    macro_average: dict[Word, Share | None]
    per_category: dict[Word, dict[Word, Share | None]]


class DecisionFigures(TypedDict):
    """Of one named decision."""

    overall: Overall
    lesion_accuracy: Three
    targets: dict[Word, TargetFigures]
    isic_scorer: ScorerFigures | None


# both, or the one that can be computed
Decisions = TypedDict("Decisions", {"as-data": DecisionFigures, "balanced": DecisionFigures}, total=False)


class Half(TypedDict):
    """See `metrics.reliability.calibration_figures`."""

    fitted_lesions: Count
    judged_lesions: Count
    judged_images: Count
    temperature: Annotated[float, Interval(ge=0, le=10**9)] | None
    ece: Pair
    brier: Distances


class Calibration(TypedDict):
    """See `metrics.reliability.calibration_figures`."""

    ece: Three
    brier: Distances
    confidence: Share | None
    right: Share | None
    halves: Annotated[list[Half], Len(0, 2)]


class PartFigures(OfPart):
    """Of one part."""

    images: Count
    lesions: Count
    per_diagnosis: dict[Word, DiagnosisFigures]
    intervals: NotRequired[Intervals]
    melanoma: NotRequired[MelanomaCount | None]
    chose_epoch: NotRequired[bool]
    decisions: NotRequired[Decisions]
    calibration: NotRequired[Calibration]


class Results(TypedDict):
    """By part."""

    validation: NotRequired[PartFigures]
    test: NotRequired[PartFigures]


def check_figures(figures: PartFigures, name: str, repair: str = REPAIR) -> None:
    """Sees to it that the figures of a part speak of the same diagnoses everywhere.

    Raises:
        RecordError: they do not.
    """
    codes = sorted(figures["per_diagnosis"])
    if not codes or len(codes) > 100:
        raise RecordError(f"{name} is damaged: its field per_diagnosis has no diagnosis, or too many.", repair)
    for decision in cast(dict[str, Any], figures.get("decisions", {})).values():
        scorer = decision["isic_scorer"]
        if set(decision["targets"]) != set(targets(codes)) or scorer and set(scorer["per_category"]) != set(codes):
            raise RecordError(f"{name} is damaged: its field decisions speaks of other diagnoses.", repair)
