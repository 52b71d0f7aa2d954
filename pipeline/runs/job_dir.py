"""The directory of a job: where a process that works for long says what it does, for everybody who watches it."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.runs.new_folder import STATUS_FILE
from pipeline.runs.status import Status, read_status


@dataclass(frozen=True)
class JobDir:
    """Paths of one job. One process at a time works in it; who watches and who stops it needs no more than its path."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def title(self) -> str:
        """What it is called at the beginning of a sentence."""
        return f"The run {self.name}"

    @property
    def writes_in(self) -> tuple[Path, ...]:
        """The folders in which its process writes files, each beside its place first."""
        return (self.folder,)

    @property
    def status_path(self) -> Path:
        return self.folder / STATUS_FILE

    @property
    def events_path(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def log_path(self) -> Path:
        """What the process printed, and how it broke off where nobody had foreseen that."""
        return self.folder / "train.log"

    @property
    def lock_path(self) -> Path:
        """Locked for the moment in which somebody takes the job on."""
        return self.folder / "lock"

    @property
    def stop_path(self) -> Path:
        """While this file exists the process is asked to stop."""
        return self.folder / "stop"

    def status(self) -> Status:
        """The believed status.

        Raises:
            MissingFileError: no status was written yet.
            WorkspaceError: the file is damaged.
        """
        return read_status(self.status_path)

    def last_status(self) -> Status | None:
        """As `status`; None where it was never started."""
        return self.status() if os.path.lexists(self.status_path) else None
