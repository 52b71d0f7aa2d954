"""The state of a run: what its trainer last wrote, believed only while that process lives."""

import os
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from pipeline.errors import WorkspaceError
from pipeline.files import read_json, write_json

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
_START_SECONDS = 60  # a trainer that was just started has not written its process yet
ENDED: tuple[State, ...] = ("done", "failed", "cancelled", "interrupted")


@dataclass(frozen=True)
class Status:
    """What `status.json` holds. Times are seconds since 1970 (UTC), `fraction` of all the work is 0..1.

    Attributes:
        pid, pid_created: the process that trains and when it was created, so that a reused number is not believed.
        doing: what the run does now, in words.
        device: where it computes, in words; None before the start.
        notes: choices that the run made by itself (a smaller batch, no room for the cache), in words.
        queued: when the run was put back into the queue to go on; None for one that was not.
        seconds_before: what the run took up to then.
    """

    state: State
    created: float
    pid: int | None = None
    pid_created: float | None = None
    started: float | None = None
    ended: float | None = None
    fraction: float = 0.0
    seconds_left: float | None = None
    doing: str = ""
    device: str | None = None
    error: str | None = None
    notes: tuple[str, ...] = field(default=())
    queued: float | None = None
    seconds_before: float = 0.0

    @property
    def seconds(self) -> float | None:
        """Seconds of work from the start up to the end, pauses before a resume left out; None before the start."""
        if self.started is None:
            return self.seconds_before or None
        return self.seconds_before + (self.ended or time.time()) - self.started

    @property
    def waits_since(self) -> float:
        """When the run joined the queue."""
        return self.queued or self.created


def process_identity() -> dict[str, Any]:
    """This process as `Status` names it."""
    return {"pid": os.getpid(), "pid_created": psutil.Process().create_time()}


def process_lives(pid: int | None, pid_created: float | None) -> bool:
    """Whether that very process is alive; a zombie is dead, a reused number is another process."""
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        same = pid_created is None or abs(process.create_time() - pid_created) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def believed(stored: Status, lives: bool) -> Status:
    """The state to show: a queued or running one whose process is gone was interrupted; an ended one has no pid."""
    if stored.state in ENDED:
        return replace(stored, pid=None, pid_created=None, seconds_left=None)
    just_created = stored.state == "queued" and stored.pid is None and time.time() - stored.waits_since < _START_SECONDS
    if lives or just_created:
        return stored
    return replace(
        stored, state="interrupted", pid=None, pid_created=None, seconds_left=None,
        doing="The process that trained it is gone.",
    )


def write_status(path: Path, status: Status) -> None:
    write_json(path, asdict(status))


def read_status(path: Path) -> Status:
    """The believed status. An interrupted run's `ended` is when its trainer last wrote.

    Raises:
        FileNotFoundError: no status was written yet.
        WorkspaceError: the file is damaged.
    """
    stored = read_json(path)
    try:
        status = Status(**{**stored, "notes": tuple(stored.get("notes", ()))})
    except TypeError as error:
        raise WorkspaceError(f"{path} is not a status of this version: {error}.", "Delete the run.") from error
    shown = believed(status, process_lives(status.pid, status.pid_created))
    if shown.state == "interrupted" and shown.ended is None:
        shown = replace(shown, ended=path.stat().st_mtime)
    return shown
