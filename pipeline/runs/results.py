"""What `results.json` holds, and a model's validation figures alike: the shape of what `evaluate_run` computed.

`None` is what is undefined. Runs that were evaluated by an earlier version lack what is not required here.
"""

from typing import Annotated, Any, NotRequired, cast

from annotated_types import Interval, Len
from typing_extensions import TypedDict

from pipeline.bounds import Count, Share, Word
from pipeline.files import REPAIR
from pipeline.metrics.targets import targets
from pipeline.records import RecordError

Distance = Annotated[float, Interval(ge=0, le=2)]  # a Brier score
Pair = Annotated[list[Share | None], Len(2, 2)]  # low, high
Three = Annotated[list[Share | None], Len(3, 3)]  # value, low, high
Distances = Annotated[list[Distance | None], Len(2, 3)]
Recognised = Annotated[list[Count | Share | None], Len(3, 3)]  # lesions, low, high


class MelanomaCount(TypedDict):
    """See `metrics.melanoma.MelanomaCount`."""

    lesions: Count
    called_else: Count
    low: Share | None
    high: Share | None


class DiagnosisFigures(TypedDict):
    """See `metrics.held_out.summarise`."""

    images: Count
    lesions: Count
    sensitivity: Share | None
    specificity: Share | None
    auc: Share | None


class TargetFigures(TypedDict):
    """See `metrics.diagnosis_table`."""

    images: Count
    lesions: Count
    prevalence: Share | None
    sensitivity: Three
    specificity: Three
    ppv: Three
    npv: Three
    f1: Three
    auc: Three
    recognised: Recognised


class Overall(TypedDict):
    """See `metrics.diagnosis_table.OVERALL`."""

    balanced_accuracy: Three
    accuracy: Three
    top2_accuracy: Three
    macro_auc: Three


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


Decisions = TypedDict("Decisions", {"as-data": DecisionFigures, "balanced": DecisionFigures})


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


class PartFigures(TypedDict):
    """Of one part."""

    images: Count
    lesions: Count
    accuracy: Share | None
    balanced_accuracy: Share | None
    macro_auc: Share | None
    majority_accuracy: Share | None
    per_diagnosis: dict[Word, DiagnosisFigures]
    intervals: NotRequired[dict[Word, Pair]]
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
