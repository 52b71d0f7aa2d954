"""How a class goes through a lesson."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from pipeline.vocabulary import Arm, LanguageCode, RoomMode, Stage

_STAGES: dict[Arm, tuple[Stage, ...]] = {
    "alone": ("alone",), "model-after": ("alone", "with-model"), "model-first": ("with-model",),
}


@dataclass(frozen=True)
class Plan:
    """How a class goes through a lesson.

    Attributes:
        mode: all at the pace of the educator, on phones or by a show of hands; or each seat at its own, at home or at a
            stand.
        arm: without the model; with its answer after the own one is locked; or with its answer first.
        seconds: to answer an item in, where the educator sets the pace; None: until it is closed.
        feedback: whether the reference diagnosis is told after each item.
        show_patient: whether age, sex and site are shown.
        ask_biopsy: whether "biopsy, watch or leave?" is asked beside.
        tick_criteria: whether criteria can be ticked.
        language: of the phones, before anybody chooses another.
        rehearsal: whether nothing of it counts.
        both_forms: whether each seat goes through both forms of the lesson, half of them through B first; before and
            after teaching, say. Otherwise all have form A where the educator sets the pace, else half have B.
        melanocytic_ticks: whether those criteria are the features of melanocytic lesions (`tick_terms`).
    """

    mode: RoomMode
    arm: Arm
    seconds: Annotated[int, Interval(ge=5, le=3600)] | None = None
    feedback: bool = True
    show_patient: bool = True
    ask_biopsy: bool = False
    tick_criteria: bool = False
    language: LanguageCode = "en"
    rehearsal: bool = False
    both_forms: bool = False
    melanocytic_ticks: bool = False

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Of the answers to an item, in their order."""
        return _STAGES[self.arm]

    @property
    def own_pace(self) -> bool:
        """Whether each seat goes through the items alone."""
        return self.mode in ("self-paced", "kiosk")
