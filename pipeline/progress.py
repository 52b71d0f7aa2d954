"""How long work tells where it stands: a callable that pages, the command line and tests hand in."""

from typing import Protocol


class Progress(Protocol):
    """Called with a fraction in 0..1 (None: unknown) and a short sentence; may raise Cancelled to stop the work."""

    def __call__(self, fraction: float | None, sentence: str) -> None: ...


class Cancelled(Exception):
    """Raised by a progress callable when the user asked to stop; the work leaves everything as it was."""


def silent(fraction: float | None, sentence: str) -> None:
    """A progress callable that says nothing."""
