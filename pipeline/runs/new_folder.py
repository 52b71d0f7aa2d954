"""A new run, search or evaluation: its folder appears with its status and all else, or not at all."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.data.left_behind import remove_temporary, temporary_folder
from pipeline.errors import LesionLabError
from pipeline.files.disk import disk_errors
from pipeline.files.workspace import Workspace

# what earlier versions wrote before the status; a folder that has anything else holds somebody's work
_BEGINNINGS = {"config.json", "split.parquet", "overlap.csv", "start.safetensors", "train.log", "lock"}
_SECONDS_OF_A_BEGINNING = 3600
STATUS_FILE = "status.json"


def make_folder(
    workspace: Workspace, place: Path, stem: str, taken: Iterable[str], fill: Callable[[Path], None]
) -> Path:
    """Lets `fill` write a new folder, its status included, and moves it in one step to `<stem>-<n>` in `place`.

    Args:
        taken: names; n is above those that begin with `stem`.

    Raises:
        WorkspaceError: the disk is full or the workspace cannot be written; nothing stays behind.
        LesionLabError: what `fill` raised.
    """
    workspace.create()
    remove_temporary(workspace)
    with disk_errors(place):
        place.mkdir(exist_ok=True)
    _remove_half_made(place)
    number = _number_after(stem, taken)
    with temporary_folder(workspace, ".incoming-") as incoming:
        fill(incoming)
        incoming.chmod(0o755)
        with disk_errors(place):
            while True:
                folder = place / f"{stem}-{number}"
                try:
                    os.rename(incoming, folder)  # refused where somebody else was quicker: their folder is not empty
                    return folder
                except OSError:
                    if not folder.exists():
                        raise
                    number += 1


def _number_after(stem: str, taken: Iterable[str]) -> int:
    numbers = [int(m[1]) for name in taken if (m := re.fullmatch(re.escape(stem) + r"-(\d+)", name))]
    return max(numbers, default=0) + 1


def begin(folder: Path, start: Callable[[], None]) -> None:
    """Starts the process that works on the new `folder`; where that cannot be done, the folder has never been.

    Raises:
        WorkspaceError: the log cannot be written.
        OSError: the system starts no more processes.
    """
    try:
        start()
    except (LesionLabError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _remove_half_made(place: Path) -> None:
    """Removes folders without a status that earlier versions left in `place` when the disk was full or they ended."""
    for folder in place.iterdir():
        if folder.is_dir() and not (folder / STATUS_FILE).exists():
            files = [path for path in folder.rglob("*") if not path.is_dir()]
            strange = [path for path in files if path.name not in _BEGINNINGS and not path.name.startswith(".")]
            latest = max(path.lstat().st_mtime for path in (folder, *files))
            if not strange and abs(time.time() - latest) > _SECONDS_OF_A_BEGINNING:
                shutil.rmtree(folder, ignore_errors=True)
