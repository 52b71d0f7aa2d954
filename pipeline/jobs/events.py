"""A run's event log: one JSON object a line, appended and flushed; a half-written last line is ignored.

Kinds: `stage` (stage, freeze, epochs, words) · `batch` (stage, epoch, step, loss, lr, momentum) · `epoch` (stage,
epoch, overall, train_loss, valid_loss, accuracy, error_rate, f_beta, balanced_accuracy, images_per_second, seconds) ·
`time` (part, seconds) · `note` (words). Stages and epochs count from 1; `overall` counts epochs over all stages. A run
that is resumed takes back the events of the epoch that was not finished, so that none is told twice.

The `time` events come last, one for each part that the run had; no second counts to two of them: `data` (decoding,
then making training batches), `features` (of the backbone, for stages on them), `training` (forward, backward, step),
`validation`, `judging` (predictions and figures), `explaining` (heatmaps), `writing`. What is left of the run's time is
its start and what no part names (`time_parts.divide`).
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from pipeline.files import disk_errors, replace_file, to_json


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

    def synced_size(self) -> int:
        """Bytes of all events so far, which from here on survive a power cut."""
        with disk_errors(self.path):
            os.fsync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def go_back(self, size: int) -> None:
        """Takes back what was written after the first `size` bytes, but for notes, which stay true."""
        self._file.close()
        with disk_errors(self.path):
            content = self.path.read_bytes()
            later = content[size:].decode(errors="replace").split("\n")
            notes = [line + "\n" for line in later if (event := _event(line)) and event.get("kind") == "note"]
            if len(content) > size:
                replace_file(self.path, content[:size] + "".join(notes).encode())
            self._file = self.path.open("a", encoding="utf-8")

    def close(self) -> None:
        self._file.close()


def _event(line: str) -> dict[str, Any] | None:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None  # what a killed trainer left of its last line


def last_events(path: Path, size: int = 8192) -> list[dict[str, Any]]:
    """The whole events within the last `size` bytes; an empty list where there is no log yet."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        start = max(file.seek(0, os.SEEK_END) - size, 0)
        file.seek(start)
        lines = file.read().decode(errors="replace").split("\n")
    return [event for line in lines[start > 0 :] if (event := _event(line)) is not None]


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole events in the order written; an empty list where there is no log yet."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")  # words may hold U+2028
    return [event for line in lines if (event := _event(line)) is not None]
