"""What a class did, in one record that its page and its paper draw.

A lesson about the model reports switches and no other figure: its items were chosen by where the model errs. A test
has all of them. A rehearsal, and a lesson of drawings, say who took part and nothing of what was right.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.classroom.answers import LEAST_SEATS_SHOWN, answers, tallies
from pipeline.classroom.class_bootstrap import Estimate
from pipeline.classroom.class_figures import MALIGNANT_GROUPS, ClassFigures, class_figures, group_of
from pipeline.classroom.comparisons import Comparison, Measure, Progress, comparisons, progress
from pipeline.classroom.hardest import SHOWN, ItemCount, hardest, most_followed
from pipeline.classroom.lesson import Item, Lesson
from pipeline.classroom.lesson_caveats import wrong_among
from pipeline.classroom.room import Room
from pipeline.classroom.room_plan import Plan
from pipeline.classroom.switches import Switches, switches
from pipeline.errors import WorkspaceError
from pipeline.export.hand_counts import hardest_by_hands, right_by_hands
from pipeline.vocabulary import MANAGEMENT, Management, Stage


@dataclass(frozen=True)
class Turnout:
    """Who took part, and what came of the first question to each seat about each item.

    Attributes:
        seats: that joined, or in a class without seats the most hands that went up at once.
        items: that were asked about.
        given, unrecognisable, not_answered, not_seen: answers of each kind; of hands those that went up, and 0.
    """

    seats: int
    items: int
    given: int
    unrecognisable: int
    not_answered: int
    not_seen: int


@dataclass(frozen=True)
class ReportItem:
    """An item that a report shows: `count` of the `n` who answered it followed the model, or were right.

    Attributes:
        model: what it said, as the lesson asks.
    """

    item: Item
    model: str
    count: int
    n: int


@dataclass(frozen=True)
class Scores:
    """The figures of a test.

    Attributes:
        at: of the class at each stage; none where hands were counted.
        compared: students and model; none where hands were counted.
        by_hands: share of the hands, 0..1, that went up for the right answer, without an interval: nobody knows whose
            they were.
        progress: where each seat went through both forms.
    """

    at: dict[Stage, ClassFigures]
    compared: dict[Measure, Comparison]
    by_hands: dict[Stage, Estimate]
    progress: Progress | None


@dataclass(frozen=True)
class RoomReport:
    """A class's report.

    Attributes:
        code: of the class; created: when it began, in seconds since 1970 (UTC).
        damaged: what is wrong with each seat whose file cannot be read; they are left out of everything.
        counts: whether it is neither a rehearsal nor about drawings; else there are neither figures nor items.
        wrong_here: share of its items, 0..1, that the model has wrong; malignant_here: that are malignant, in situ or
            precursor; malignant_trained: the same of the images that the model was trained on.
        scores: of a test.
        switches: where seats answered before and after the model.
        followed: the items where most followed a wrong model, the most first.
        hardest: those that the fewest had right at the first stage, the hardest first. Of seats, an item is in either
            list only where LEAST_SEATS_SHOWN answered it: of fewer, its count would tell who answered what.
        ticks: how many first answers ticked each criterion, the most first; managed: how many chose each management.
    """

    code: str
    lesson: Lesson
    plan: Plan
    created: float
    turnout: Turnout
    damaged: tuple[WorkspaceError, ...]
    counts: bool
    wrong_here: float
    malignant_here: float
    malignant_trained: float
    scores: Scores | None
    switches: Switches | None
    followed: tuple[ReportItem, ...]
    hardest: tuple[ReportItem, ...]
    ticks: dict[str, int]
    managed: dict[Management, int]


def room_report(room: Room) -> RoomReport:
    """The report of a class as it is now, finished or not; its intervals are drawn with the lesson's seed.

    Raises:
        WorkspaceError: the file of what the educator did is damaged.
    """
    lesson, plan = room.lesson, room.plan
    seats, damaged = room.seats()
    table, hands = answers(room), tallies(room)
    counts = not (plan.rehearsal or lesson.generated)
    first = table[table["stage"] == plan.stages[0]]
    asked = _asked_about(room)
    followed, missed = _listed(plan, table, hands) if counts else ([], [])
    return RoomReport(
        room.code, lesson, plan, room.created,
        _hands_turnout(plan, hands) if plan.mode == "hands" else _turnout(len(seats), first), tuple(damaged), counts,
        wrong_among(lesson, asked), sum(_malignant([item.dx for item in asked])) / len(asked),
        _trained_malignant(lesson),
        _scores(room, table, hands) if counts and lesson.kind == "test" else None,
        switches(table, lesson.seed) if counts and plan.mode != "hands" and plan.arm == "model-after" else None,
        _items(followed, asked), _items(missed, asked), _ticks(first),
        {one: int((first["biopsy"] == one).sum()) for one in MANAGEMENT} if plan.ask_biopsy else {},
    )


def _asked_about(room: Room) -> tuple[Item, ...]:
    """The items of all forms that its seats may go through."""
    if room.plan.own_pace:
        return tuple(item for form in room.lesson.forms.values() for item in form)
    return room.items()


def _turnout(seats: int, first: pd.DataFrame) -> Turnout:
    missing = Counter(first["missing"])
    unrecognisable = int((first["answer"].isna() & first["unrecognisable"]).sum())
    return Turnout(seats, first["image_id"].nunique(), int(first["answer"].notna().sum()), unrecognisable,
                   missing["not answered"], missing["not seen"])


def _hands_turnout(plan: Plan, hands: pd.DataFrame) -> Turnout:
    first = hands[hands["stage"] == plan.stages[0]]
    up = hands.groupby(["position", "stage"])["count"].sum()
    return Turnout(int(up.max()) if len(up) else 0, first["image_id"].nunique(), int(first["count"].sum()), 0, 0, 0)


def _malignant(codes: Sequence[str]) -> list[bool]:
    return [group in MALIGNANT_GROUPS for group in group_of(pd.Series(codes, dtype=object))]


def _trained_malignant(lesson: Lesson) -> float:
    codes = list(lesson.class_priors)
    return sum(lesson.class_priors[code] for code, yes in zip(codes, _malignant(codes), strict=True) if yes)


def _scores(room: Room, table: pd.DataFrame, hands: pd.DataFrame) -> Scores:
    plan, seed = room.plan, room.lesson.seed
    if plan.mode == "hands":
        return Scores({}, {}, {stage: right_by_hands(hands, stage) for stage in plan.stages}, None)
    return Scores(
        {stage: class_figures(table, stage, seed) for stage in plan.stages}, comparisons(table, room.lesson.kind, seed),
        {}, progress(table, plan.stages[0], seed) if plan.both_forms else None,
    )


def _listed(plan: Plan, table: pd.DataFrame, hands: pd.DataFrame) -> tuple[list[ItemCount], list[ItemCount]]:
    """The items where most followed a wrong model, and the hardest; of hands nobody knows who changed to what."""
    stage = plan.stages[0]
    if plan.mode == "hands":
        return [], _missed(hardest_by_hands(hands, stage))
    told = [one for one in most_followed(table, len(table)) if one.n >= LEAST_SEATS_SHOWN]
    enough = [one for one in hardest(table, stage, len(table)) if one.n >= LEAST_SEATS_SHOWN]
    return told[:SHOWN] if plan.arm != "alone" else [], _missed(enough)


def _missed(found: Sequence[ItemCount]) -> list[ItemCount]:
    return [one for one in found if one.count < one.n][:SHOWN]


def _items(found: Sequence[ItemCount], asked: Sequence[Item]) -> tuple[ReportItem, ...]:
    items = {item.image_id: item for item in asked}
    return tuple(ReportItem(items[one.image_id], one.model, one.count, one.n) for one in found)


def _ticks(first: pd.DataFrame) -> dict[str, int]:
    return dict(Counter(tick for ticks in first["ticks"] for tick in ticks).most_common())
