"""A file that has come in part: its bytes so far, and beside them what tells whether the server still has that file."""

import contextlib
from pathlib import Path

from typing_extensions import TypedDict

from pipeline.errors import WorkspaceError
from pipeline.files.bounds import Count, Word
from pipeline.files.disk import disk_errors, write_json
from pipeline.files.records import read_record


class _Note(TypedDict):
    validator: Word | None
    total: Count | None


class Partial:
    """The bytes of `name` that came so far, in `folder`; they outlive an interruption.

    Attributes:
        total: size of the whole file in bytes, as the server told it; None where it did not.
    """

    def __init__(self, folder: Path, name: str):
        self.path, self._note, self._whole = folder / f"{name}.partial", folder / f"{name}.partial.json", folder / name
        self._validator, self.total = None, None
        if self.path.exists():
            with contextlib.suppress(WorkspaceError):  # what came is then thrown away
                note = read_record(self._note, _Note)
                self._validator, self.total = note["validator"], note["total"]

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def range_headers(self) -> dict[str, str]:
        """Asks for the rest, if the file is still the same; for the whole where nothing proves that."""
        if not self.size or not self._validator:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator}

    def begin(self, validator: str | None, total: int | None) -> None:
        """The whole file comes, from its first byte."""
        self.discard()
        self._validator, self.total = validator, total
        with disk_errors(self.path):
            self.path.touch()
        write_json(self._note, {"validator": validator, "total": total})

    def discard(self) -> None:
        """Throws away what came."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self._validator = self.total = None

    def finish(self) -> Path:
        """Gives the file its own name."""
        with disk_errors(self._whole):
            self.path.replace(self._whole)
        self._note.unlink(missing_ok=True)
        return self._whole
