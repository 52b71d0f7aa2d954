"""Classes by hand, for tests of what lies under *Take part* and *Teach*."""

import time
from collections.abc import Callable

import pytest

from pipeline.classroom.lesson import Lesson
from pipeline.classroom.room import Room, open_room
from pipeline.classroom.room_plan import Plan
from pipeline.errors import RoomError
from pipeline.files.workspace import Workspace
from tests.small_lesson import small_lesson


class Clock:
    """The system's clock under the control of a test: `clock.now` in seconds since 1970, `clock(5)` lets 5 s go by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.now = 1_800_000_000.0
        monkeypatch.setattr(time, "time", lambda: self.now)

    def __call__(self, seconds: float) -> None:
        self.now += seconds


def class_of(
    workspace: Workspace, lesson: Lesson | None = None, mode: str = "class", arm: str = "alone", **plan
) -> Room:
    """A class, by default of the small lesson, on phones and without the model."""
    return open_room(workspace, lesson or small_lesson(), Plan(mode, arm, **plan))


def refusal(of: Callable[[], object]) -> str:
    """For which reason a class refuses something."""
    with pytest.raises(RoomError) as raised:
        of()
    assert raised.value.problem and raised.value.next_step
    return raised.value.refusal
