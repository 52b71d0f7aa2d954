"""What a process at work tells: its status file, its event log, its progress, and where its time goes."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

from pipeline.errors import WorkspaceError
from pipeline.progress import Cancelled, Progress, silent
from pipeline.runs.boot import node, uptime
from pipeline.runs.events import EventLog
from pipeline.runs.job_dir import JobDir
from pipeline.runs.status import HEARTBEAT, NO_PROCESS, process_identity, stored_status, write_status
from pipeline.vocabulary import TimePart, Work

# relative cost of one image, so that "time left" does not jump where training turns into validation
COST: dict[Work, float] = {"training": 1.0, "frozen": 0.7, "validating": 0.35, "judging": 0.6,
                          "features": 0.4}
_SECONDS_BETWEEN_WRITES = 0.5


class Reached(Protocol):
    """What a reporter asks of a checkpoint: stage and epoch, from 1, the log's length and the seconds by part then."""

    @property
    def stage(self) -> int: ...

    @property
    def epoch(self) -> int: ...

    @property
    def log_bytes(self) -> int: ...

    @property
    def spent(self) -> dict[TimePart, float]: ...


class Reporter:
    """Writes the state of one job for everybody who watches it. Used by the one process that works on it.

    Attributes:
        taken_over: whether another process works on the job by now, since this one was taken for dead: it is to end,
            and writes no more.
    """

    def __init__(self, job: JobDir, progress: Progress = silent):
        self.job, self.progress = job, progress
        self.status = replace(job.status(), **process_identity(), node=node(), heartbeat=HEARTBEAT)
        self.log = EventLog(job.events_path)
        self.taken_over = False
        self.total = self.finished = self._done_before = 0.0
        self._work_start = self._written = time.monotonic()
        self._spent: dict[TimePart, float] = {}
        self._lapped = time.monotonic()
        self._inner = 0.0  # seconds of the blocks inside the one that is being timed
        self._went_on = False
        self._unwritten, self._writing = False, threading.Lock()

    def set(self, **fields: Any) -> None:
        """Change fields of the status and write it now."""
        self.status = replace(self.status, **fields)
        self._write()

    def _write(self) -> None:
        with self._writing:  # the heart beats in another thread
            if self.taken_over:
                return
            self._unwritten, self._written = False, time.monotonic()
            started, now = self.status.started_up, uptime()
            worked = None if started is None or now is None else now - started
            write_status(self.job.status_path, replace(self.status, worked=worked))

    def _set_soon(self, **fields: Any) -> None:
        """Change fields of the status; it is written at most twice a second."""
        self.status, self._unwritten = replace(self.status, **fields), True
        if time.monotonic() - self._written > _SECONDS_BETWEEN_WRITES:
            self.set()
            self.progress(self.status.fraction, self.status.doing)

    @contextlib.contextmanager
    def heartbeat(self) -> Iterator[None]:
        """While the block runs, a thread touches the status, however long one step of the work takes, and writes what
        was left unwritten.
        """
        ended = threading.Event()

        def beat() -> None:
            touched = time.monotonic()
            while not ended.wait(_SECONDS_BETWEEN_WRITES):
                with contextlib.suppress(OSError, WorkspaceError):  # the next may come through
                    if self._unwritten:
                        self._write()
                    if time.monotonic() - touched >= HEARTBEAT:
                        touched = time.monotonic()
                        self._touch()

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(HEARTBEAT)

    def _touch(self) -> None:
        with self._writing:
            stored = stored_status(self.job.status_path)
            self.taken_over = (stored.pid, stored.pid_born, stored.node) != (
                self.status.pid, self.status.pid_born, self.status.node)
            if not self.taken_over:
                os.utime(self.job.status_path)

    def say(self, sentence: str) -> None:
        """What the run does now."""
        self.set(doing=sentence)
        self.progress(self.status.fraction, sentence)

    def note(self, sentence: str) -> None:
        """A choice that the run made by itself."""
        if sentence not in self.status.notes:
            self.log.write("note", words=sentence)
            self.set(notes=(*self.status.notes, sentence))

    def go_on_from(self, checkpoint: Reached | None) -> None:
        """Takes back what was written after `checkpoint` (None: the run's beginning), and says so."""
        self.log.go_back(checkpoint.log_bytes if checkpoint else 0)
        if checkpoint:
            for part, seconds in () if self._went_on else checkpoint.spent.items():
                self.spent(part, seconds)
            self._went_on = True
            self.note(f"Went on after epoch {checkpoint.epoch} of stage {checkpoint.stage}.")

    def expect(self, work: float, done: float = 0.0) -> None:
        """All the work of the run and what of it is done, in cost-weighted images; the clock for "time left" starts."""
        self.total, self.finished, self._work_start = max(work, 1.0), done, time.monotonic()
        self._done_before = done

    def worked(self, images: int, kind: Work, sentence: str) -> None:
        """`images` more are done, `kind` (a key of COST) of work; the status is written at most twice a second."""
        self.finished += images * COST[kind]
        fraction = min(self.finished / self.total, 1.0)
        elapsed = time.monotonic() - self._work_start
        done_now = (self.finished - self._done_before) / self.total
        left = elapsed * (1 - fraction) / done_now if done_now > 0.01 else None
        self._set_soon(fraction=fraction, seconds_left=left, doing=sentence)

    def spent(self, part: TimePart, seconds: float) -> None:
        """Add `seconds` to a part of the run's time."""
        self._spent[part] = self._spent.get(part, 0.0) + seconds

    def spent_so_far(self) -> dict[TimePart, float]:
        """Seconds by part, those before a resume included."""
        return dict(self._spent)

    @contextlib.contextmanager
    def timed(self, part: TimePart) -> Iterator[None]:
        """Adds the time of the block to `part`; what a timed block inside it takes counts to that one's part alone."""
        start, around, self._inner = time.monotonic(), self._inner, 0.0
        try:
            yield
        finally:
            took = time.monotonic() - start
            self.spent(part, took - self._inner)
            self._inner = around + took

    def lap(self, part: TimePart | None) -> None:
        """Adds the time since the last lap to `part`; None: to no part. Laps and timed blocks must not overlap."""
        now = time.monotonic()
        if part is not None:
            self.spent(part, now - self._lapped)
        self._lapped = now

    def finish(self, **fields: Any) -> None:
        """Write where the time went and the final state."""
        for part, seconds in () if self.taken_over else self._spent.items():
            self.log.write("time", part=part, seconds=seconds)
        self.log.close()
        self.set(ended=time.time(), **NO_PROCESS, seconds_left=None, **fields)

    def stop_asked(self) -> bool:
        """Whether this process is to end: somebody asked for that, or another works on the job."""
        return self.taken_over or self.job.stop_path.exists()

    def watch(self, fraction: float | None, sentence: str) -> None:
        """A progress callable that says its sentences; its fractions are of a part of the work.

        Raises:
            Cancelled: a stop was asked for.
        """
        if self.stop_asked():
            raise Cancelled()
        self.say(sentence)

    def whole(self, fraction: float | None, sentence: str) -> None:
        """A progress callable whose fractions are of all the work.

        Raises:
            Cancelled: a stop was asked for.
        """
        if self.stop_asked():
            raise Cancelled()
        self._set_soon(doing=sentence, fraction=self.status.fraction if fraction is None else fraction)
