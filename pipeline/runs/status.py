"""The state of a job: what its process last wrote, believed only while that process lives."""

import math
import os
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from pipeline.files.bounds import Moment, Process, Seconds, Share, Text, Word
from pipeline.files.disk import kept_while_unchanged, write_json
from pipeline.files.records import read_record
from pipeline.runs.boot import birth, boot_id, node, uptime
from pipeline.vocabulary import State

_START_SECONDS = 60  # a trainer that was just started has not written its process yet
HEARTBEAT = 5.0  # seconds
_MISSED = 12  # heartbeats after which a process of another node is taken for dead
ENDED: tuple[State, ...] = ("done", "failed", "cancelled", "interrupted")
NO_PROCESS: dict[str, Any] = {"pid": None, "pid_created": None, "pid_born": None, "heartbeat": None}


@dataclass(frozen=True)
class Status:
    """What `status.json` holds. Times are seconds since 1970 (UTC), `fraction` of all the work is 0..1.

    Those times are for people: a clock may be set at any moment. What is decided by time is decided by the time since
    the computer's start; statuses from before that was kept lack it.

    Attributes:
        pid, pid_created: the process that trains and when it was created, so that a reused number is not believed.
        pid_born: when it began, as `boot.birth` gives it, which holds where it is known.
        doing: what the run does now, in words.
        device: where it computes, in words; None before the start.
        notes: choices that the run made by itself (a smaller batch, no room for the cache), in words.
        queued: when the run was put back into the queue to go on; None for one that was not.
        seconds_before: what the run took up to then.
        boot: the `boot.boot_id` in which the next two count.
        queued_up, started_up: `boot.uptime` when it last joined the queue, and when it started.
        worked: seconds from the start up to when this was written.
        node: the `boot.node` whose process works on it, or which queued it; statuses from before that was kept lack it.
        heartbeat: the file is touched every so many seconds while the process lives; None before it has begun to.
    """

    state: State
    created: Moment
    pid: Process | None = None
    pid_created: Moment | None = None
    started: Moment | None = None
    ended: Moment | None = None
    fraction: Share = 0.0
    seconds_left: Seconds | None = None
    doing: Text = ""
    device: Text | None = None
    error: Text | None = None
    notes: tuple[Text, ...] = field(default=())
    queued: Moment | None = None
    seconds_before: Seconds = 0.0
    pid_born: Word | None = None
    boot: Word | None = None
    queued_up: Seconds | None = None
    started_up: Seconds | None = None
    worked: Seconds | None = None
    node: Word | None = None
    heartbeat: Seconds | None = None

    @property
    def here(self) -> bool:
        """Whether its process is one of this node, where its number says whether it lives."""
        return self.node in (None, node())

    @property
    def seconds(self) -> float | None:
        """Seconds of work from the start up to the end, pauses before a resume left out; None before the start."""
        if self.started is None:
            return self.seconds_before or None
        since = _since(self.boot, self.started_up) if self.state not in ENDED else self.worked
        return self.seconds_before + max((self.ended or time.time()) - self.started if since is None else since, 0.0)

    @property
    def waits_since(self) -> float:
        """When the run joined the queue."""
        return self.queued or self.created

    @property
    def place(self) -> tuple[bool, float]:
        """Where the run stands in the queue: those with a lower one come first, whatever the clock did between."""
        if self.queued_up is None or self.boot != boot_id():
            return False, self.waits_since
        return True, self.queued_up

    @property
    def waited(self) -> float:
        """Seconds since the run joined the queue; infinite where that was before the computer's last start."""
        if self.boot not in (None, boot_id()):
            return math.inf
        since = _since(self.boot, self.queued_up)
        return abs(time.time() - self.waits_since) if since is None else since


def _since(boot: str | None, up: float | None) -> float | None:
    now = uptime()
    return None if up is None or now is None or boot != boot_id() else now - up


def joined_queue() -> dict[str, Any]:
    """The fields of a status that joins the queue now."""
    return {"state": "queued", **NO_PROCESS, "node": node(), "boot": boot_id(), "queued_up": uptime(),
            "started_up": None, "worked": None}


def just_queued(**fields: Any) -> Status:
    """The first status of something new: it waits to be started, and no process works on it."""
    return Status(**{**joined_queue(), "created": time.time(), "doing": "Waits to be started.", **fields})


def just_started() -> dict[str, Any]:
    """The fields of a status whose work begins now."""
    return {"state": "running", "started": time.time(), "boot": boot_id(), "started_up": uptime(), "worked": 0.0}


def process_identity(pid: int | None = None) -> dict[str, Any]:
    """A process, by default this one, as `Status` names it.

    Raises:
        psutil.NoSuchProcess: it is gone.
    """
    pid = os.getpid() if pid is None else pid
    return {"pid": pid, "pid_created": psutil.Process(pid).create_time(), "pid_born": birth(pid)}


def process_lives(pid: int | None, pid_created: float | None, pid_born: str | None = None) -> bool:
    """Whether that very process is alive; a zombie is dead, a reused number is another process.

    psutil computes a creation time from the time of the boot, which moves when the clock is set: it counts only where
    `pid_born` is not known.
    """
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        if pid_born is not None:
            same = birth(pid) == pid_born
        else:
            same = pid_created is None or abs(process.create_time() - pid_created) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def works_here(status: Status) -> bool:
    """Whether the process that the status names lives on this node."""
    return status.here and process_lives(status.pid, status.pid_created, status.pid_born)


def _now_in(folder: Path) -> float:
    """The time by the clock of the file system that holds `folder`, seconds since 1970."""
    try:
        with tempfile.TemporaryFile(dir=folder) as touched:
            return os.fstat(touched.fileno()).st_mtime
    except OSError:  # it cannot be written, so nobody can go on with what lies there
        return time.time()


def _touched_lately(path: Path, status: Status) -> bool:
    """Whether the status at `path`, of another node, has had a heartbeat; once a clock was set, by the next one."""
    silent = abs(_now_in(path.parent) - path.stat().st_mtime)
    return silent < (_START_SECONDS if status.heartbeat is None else _MISSED * status.heartbeat)


def _lives(path: Path, status: Status) -> bool:
    if status.state in ENDED:
        return False
    return works_here(status) if status.here else _touched_lately(path, status)


def believed(stored: Status, lives: bool) -> Status:
    """The state to show: a queued or running one whose process is gone was interrupted; an ended one has no pid."""
    if stored.state in ENDED:
        return replace(stored, **NO_PROCESS, seconds_left=None)
    just_created = stored.here and stored.state == "queued" and stored.pid is None and stored.waited < _START_SECONDS
    if lives or just_created:
        return stored
    return replace(
        stored, state="interrupted", **NO_PROCESS, seconds_left=None,
        doing="The process that trained it is gone.",
    )


def write_status(path: Path, status: Status) -> None:
    write_json(path, asdict(status))


@kept_while_unchanged(entries=4096)  # a page asks for those of all runs
def stored_status(path: Path) -> Status:
    """The status as it was written.

    Raises:
        MissingFileError: none was written yet.
        WorkspaceError: the file is damaged.
    """
    return read_record(path, Status, "Delete the folder that holds it, or restore it from a copy.")


def read_status(path: Path) -> Status:
    """The believed status. An interrupted run's `ended` is when its trainer last wrote.

    Raises:
        MissingFileError: no status was written yet.
        WorkspaceError: the file is damaged.
    """
    status = stored_status(path)
    shown = believed(status, _lives(path, status))
    if shown.state == "interrupted" and shown.ended is None:
        shown = replace(shown, ended=path.stat().st_mtime)
    return shown
