"""Classes that have answered, for tests of what is reported of them."""

from collections.abc import Callable

from pipeline.classroom.lesson import Item, Lesson, asked_answer, called
from pipeline.classroom.room import Room
from pipeline.vocabulary import Stage
from tests.small_lesson import item, small_lesson

MALIGNANT, BENIGN, WRONG = 6, 6, (2, 5, 8)  # items of each kind, and the places of those that the model has wrong


def long_lesson(**fields) -> Lesson:
    """A lesson of HAM10000 with twelve items, half of them malignant, in situ or precursor; the model has three wrong.

    Its licence is as HAM10000's.
    """
    codes = ("mel", "bcc", "mel", "akiec", "mel", "bcc", "nv", "bkl", "nv", "df", "nv", "bkl")
    assert sum(code in ("mel", "bcc", "akiec") for code in codes) == MALIGNANT and len(codes) == MALIGNANT + BENIGN
    said = [("nv" if place < MALIGNANT else "mel") if place in WRONG else code for place, code in enumerate(codes)]
    items = tuple(item(place, dx, model, dx_type="histo" if place % 3 else "consensus")
                  for place, (dx, model) in enumerate(zip(codes, said, strict=True)))
    whole = {"kind": "test", "forms": {"A": items}, "licence": "CC BY-NC 4.0 Tschandl et al., HAM10000", **fields}
    return small_lesson(**whole)


def answered(room: Room, seats: int, answer: Callable[[int, Item, Stage], tuple[str, str]], **more) -> Room:
    """The class, after each of so many seats gave to each item the answer and how sure it was."""
    taken = [room.join() for _ in range(seats)]
    for position in range(len(room.items())):
        if not room.plan.own_pace:
            room.open(position)
        for number, seat in enumerate(taken):
            for stage in room.plan.stages:
                said, sure = answer(number, seat.items[position], stage)
                seat.answer(position, stage, said, sure, **(more if stage == room.plan.stages[0] else {}))
    return room


def some_follow(room: Room) -> Callable[[int, Item, Stage], tuple[str, str]]:
    """Answers of which every fourth seat's are wrong alone, and every third seat follows the model."""

    def answer(number: int, one: Item, stage: Stage) -> tuple[str, str]:
        right = asked_answer(room.lesson, one.dx)
        if stage == "with-model" and number % 3 == 0:
            return asked_answer(room.lesson, called(room.lesson, one)), "sure"
        if (number + int(one.image_id[-2:])) % 4 == 0:
            return next(choice for choice in room.choices() if choice != right), "guessing"
        return right, ("fairly sure", "sure")[number % 2]

    return answer
