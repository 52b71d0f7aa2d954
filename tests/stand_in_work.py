"""Stands in for a process that works on the form's configuration: the test decides how it ends."""

from typing import Any


class StandInWork:
    """Takes the place of a `PlanWork`; each test class derives its own, which collects its instances in `started`.

    Attributes:
        asked: what it was called with after the workspace.
        outcome: what `result` gives, or raises.
    """

    started: list["StandInWork"]
    said: tuple[float, str]

    def __init__(self, workspace, *asked: Any, **more: Any):
        self.asked, self.running, self.cancelled = (*asked, *more.values()), True, False
        self.outcome = self.answer()
        self.started.append(self)

    def answer(self) -> Any:
        raise NotImplementedError

    def step(self) -> tuple[float, str]:
        return self.said

    def result(self) -> Any:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def cancel(self) -> None:
        self.cancelled = True
