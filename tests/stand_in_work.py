"""Stands in for a process that does short work: the test decides how it ends."""

from typing import Any


class StandInWork:
    """Takes the place of a `ShortWork`; each test class derives its own, which collects its instances in `started`.

    Attributes:
        kind, request: what it was called with.
        outcome: what `result` gives, or raises.
    """

    started: list["StandInWork"]
    said: tuple[float, str]

    def __init__(self, workspace, kind: str, request: Any, bring: Any = None):
        self.kind, self.request, self.running, self.cancelled = kind, request, True, False
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
