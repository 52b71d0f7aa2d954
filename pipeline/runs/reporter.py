"""What a trainer tells: its status file, its event log, its progress, and where its time goes."""

import contextlib
import time
from dataclasses import replace

from pipeline.progress import Cancelled, Progress, silent
from pipeline.runs.boot import uptime
from pipeline.runs.events import EventLog
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import NO_PROCESS, process_identity, read_status, write_status

# relative cost of one image, so that "time left" does not jump where training turns into validation
COST = {"training": 1.0, "frozen": 0.7, "validating": 0.35, "judging": 0.6}
_SECONDS_BETWEEN_WRITES = 0.5


class Reporter:
    """Writes the state of one run for everybody who watches it. Used by the one process that works on the run."""

    def __init__(self, run: RunDir, progress: Progress = silent):
        self.run, self.progress = run, progress
        self.status = replace(read_status(run.status_path), **process_identity())
        self.log = EventLog(run.events_path)
        self.total = self.finished = self._done_before = 0.0
        self._work_start = self._written = time.monotonic()
        self._spent: dict[str, float] = {}
        self._lapped = time.monotonic()
        self._inner = 0.0  # seconds of the blocks inside the one that is being timed
        self._went_on = False

    def set(self, **fields) -> None:
        """Change fields of the status and write it now."""
        self.status = replace(self.status, **fields)
        if self.status.started_up is not None:
            self.status = replace(self.status, worked=uptime() - self.status.started_up)
        self._written = time.monotonic()
        write_status(self.run.status_path, self.status)

    def say(self, sentence: str) -> None:
        """What the run does now."""
        self.set(doing=sentence)
        self.progress(self.status.fraction, sentence)

    def note(self, sentence: str) -> None:
        """A choice that the run made by itself."""
        if sentence not in self.status.notes:
            self.log.write("note", words=sentence)
            self.set(notes=(*self.status.notes, sentence))

    def go_on_from(self, checkpoint) -> None:
        """Takes back what was written after `checkpoint` (a `Checkpoint`; None: the run's beginning), and says so."""
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

    def worked(self, images: int, kind: str, sentence: str) -> None:
        """`images` more are done, `kind` (a key of COST) of work; the status is written at most twice a second."""
        self.finished += images * COST[kind]
        fraction = min(self.finished / self.total, 1.0)
        elapsed = time.monotonic() - self._work_start
        done_now = (self.finished - self._done_before) / self.total
        left = elapsed * (1 - fraction) / done_now if done_now > 0.01 else None
        self.status = replace(self.status, fraction=fraction, seconds_left=left, doing=sentence)
        if time.monotonic() - self._written > _SECONDS_BETWEEN_WRITES:
            self.set()
            self.progress(fraction, sentence)

    def spent(self, part: str, seconds: float) -> None:
        """Add `seconds` to a part of the run's time."""
        self._spent[part] = self._spent.get(part, 0.0) + seconds

    def spent_so_far(self) -> dict[str, float]:
        """Seconds by part, those before a resume included."""
        return dict(self._spent)

    @contextlib.contextmanager
    def timed(self, part: str):
        """Adds the time of the block to `part`; what a timed block inside it takes counts to that one's part alone."""
        start, around, self._inner = time.monotonic(), self._inner, 0.0
        try:
            yield
        finally:
            took = time.monotonic() - start
            self.spent(part, took - self._inner)
            self._inner = around + took

    def lap(self, part: str | None) -> None:
        """Adds the time since the last lap to `part`; None: to no part. Laps and timed blocks must not overlap."""
        now = time.monotonic()
        if part is not None:
            self.spent(part, now - self._lapped)
        self._lapped = now

    def finish(self, **fields) -> None:
        """Write where the time went and the final state."""
        for part, seconds in self._spent.items():
            self.log.write("time", part=part, seconds=seconds)
        self.log.close()
        self.set(ended=time.time(), **NO_PROCESS, seconds_left=None, **fields)

    def stop_asked(self) -> bool:
        return self.run.stop_path.exists()

    def watch(self, fraction: float | None, sentence: str) -> None:
        """A progress callable that says its sentences.

        Raises:
            Cancelled: a stop was asked for.
        """
        if self.stop_asked():
            raise Cancelled()
        self.say(sentence)
