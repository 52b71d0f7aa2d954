"""A run's event log: one JSON object a line, appended and flushed; a half-written last line is ignored.

Kinds: `stage` (stage, freeze, epochs, words) · `batch` (stage, epoch, step, loss, lr, momentum) · `epoch` (stage,
epoch, overall, train_loss, valid_loss, accuracy, error_rate, f_beta, balanced_accuracy, images_per_second, seconds) ·
`watched` (stage, epoch, overall, lesions: image_id, truth, probabilities by diagnosis; before the first epoch, which is
then 0, none) · `time` (part, seconds) · `note` (words). Stages and epochs count from 1; `overall` counts epochs over
all stages. A run that is resumed takes back the events of the epoch that was not finished, so that none is told twice.

The `time` events come last, one for each part that the run had; no second counts to two of them: `data` (decoding,
then making training batches), `features` (of the backbone, for stages on them), `training` (forward, backward, step),
`validation`, `judging` (predictions and figures), `explaining` (heatmaps), `writing`. What is left of the run's time is
its start and what no part names (`time_parts.divide`).
"""

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any, NotRequired

from annotated_types import Len
from typing_extensions import TypedDict

from pipeline.errors import WorkspaceError
from pipeline.files.bounds import Code, Count, Figure, Rate, Seconds, Share, Text, Word
from pipeline.files.disk import disk_errors, read_bytes, read_errors, replace_file, to_json
from pipeline.files.records import RecordError, checked
from pipeline.limits import MOST_EVENTS, MOST_EVENTS_BYTES

_REPAIR = "Delete that file: the run then goes without curves."


class _Stage(TypedDict):
    stage: Count
    epochs: Count
    words: NotRequired[Text]


class _Batch(TypedDict):
    stage: Count
    epoch: Count
    loss: Figure | None
    lr: Rate | None


class _Epoch(TypedDict):
    stage: Count
    epoch: Count
    overall: Count
    train_loss: Figure | None
    valid_loss: Figure | None
    accuracy: Share | None
    balanced_accuracy: Share | None
    images_per_second: Figure | None
    seconds: Seconds | None


class _Lesion(TypedDict):
    image_id: Word
    truth: Code
    probabilities: dict[Code, Share] | None


class _Watched(TypedDict):
    stage: Count
    epoch: Count
    overall: Count
    lesions: Annotated[list[_Lesion], Len(0, 64)]


class _Time(TypedDict):
    part: Word
    seconds: Seconds


class _Note(TypedDict):
    words: Text


class _Rate(TypedDict):
    step: Count
    rate: Rate
    loss: Figure | None
    smoothed: Figure | None


_KINDS = {"stage": _Stage, "batch": _Batch, "epoch": _Epoch, "watched": _Watched, "time": _Time, "note": _Note,
          "rate": _Rate}


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
            notes = [line + "\n" for line in later if _is_note(line)]
            if len(content) > size:
                replace_file(self.path, content[:size] + "".join(notes).encode())
            self._file = self.path.open("a", encoding="utf-8")

    def close(self) -> None:
        self._file.close()


def _is_note(line: str) -> bool:
    try:
        event = _event(line)
    except RecordError:  # goes with the rest that is taken back
        return False
    return event is not None and event["kind"] == "note"


def _event(line: str) -> dict[str, Any] | None:
    """The event in a line; None for what a killed trainer left of one.

    Raises:
        RecordError: it is whole, but no event.
    """
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):  # a number of thousands of digits, or nested without end, is no event of ours
        return None
    if not isinstance(event, dict) or not isinstance(event.get("kind"), str):
        raise RecordError("a line holds no event")
    if event["kind"] in _KINDS:  # others are a newer version's, and nobody here reads them
        checked(event, _KINDS[event["kind"]], "a line")
    return event


def _events(lines: list[str], path: Path) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            event = _event(line)
        except RecordError as error:
            where = f"the event in line {number:,} of those that were read is not what its kind has"
            raise WorkspaceError(f"{path} is damaged: {where}.", _REPAIR) from error
        if event is not None:
            found.append(event)
    return found


def last_events(path: Path, size: int = 8192) -> list[dict[str, Any]]:
    """The whole events within the last `size` bytes; an empty list where there is no log yet.

    Raises:
        WorkspaceError: the log cannot be read or is damaged there.
    """
    if not os.path.lexists(path):
        return []
    with read_errors(path, _REPAIR), path.open("rb") as file:
        start = max(file.seek(0, os.SEEK_END) - size, 0)
        file.seek(start)
        lines = file.read(size).decode(errors="replace").split("\n")
    return _events(lines[start > 0 :], path)


def read_events(path: Path) -> list[dict[str, Any]]:
    """All whole events in the order written; an empty list where there is no log yet.

    Raises:
        WorkspaceError: the log cannot be read, is too long, or a line is whole but no event.
    """
    if not os.path.lexists(path):
        return []
    content = read_bytes(path, MOST_EVENTS_BYTES, _REPAIR)
    if content.count(b"\n") > MOST_EVENTS:
        raise WorkspaceError(f"{path} has more than {MOST_EVENTS:,} lines, more than a run writes.", _REPAIR)
    return _events(content.decode(errors="replace").split("\n"), path)  # not splitlines: words may hold U+2028
