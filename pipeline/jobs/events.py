"""A run's event log: one JSON object a line, appended and flushed; a half-written last line is ignored.

Kinds: `stage` (stage, freeze, epochs, words) · `batch` (stage, epoch, step, loss, lr, momentum) · `epoch` (stage,
epoch, overall, train_loss, valid_loss, accuracy, balanced_accuracy, images_per_second, seconds) · `time` (part,
seconds) · `note` (words). Stages and epochs count from 1; `overall` counts epochs over all stages.
"""

import json
import time
from pathlib import Path
from typing import Any

from pipeline.files import disk_errors, to_json


class EventLog:
    """Append-only writer of one run's events."""

    def __init__(self, path: Path):
        self.path = path
        with disk_errors(path):
            self._end_half_written_line()
            self._file = path.open("a", encoding="utf-8")

    def _end_half_written_line(self) -> None:
        if self.path.exists() and self.path.stat().st_size:
            with self.path.open("rb+") as file:
                file.seek(-1, 2)
                if file.read(1) != b"\n":
                    file.write(b"\n")

    def write(self, kind: str, **fields: Any) -> None:
        with disk_errors(self.path):
            self._file.write(to_json({"kind": kind, "at": time.time(), **fields}) + "\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole events in the order written; an empty list where there is no log yet."""
    if not path.exists():
        return []
    events = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):  # words may hold U+2028
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError:
            continue  # what a killed trainer left of its last line
    return events
