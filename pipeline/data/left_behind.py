"""Folders that work makes for itself, and what of them a killed process has left: found by a lock that nobody holds.

A lock goes with its process, so a folder whose lock is free is nobody's.
"""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.files.disk import disk_errors
from pipeline.files.locks import file_lock, lock_if_free
from pipeline.files.workspace import Workspace
from pipeline.progress import silent

_MARKS = (".upload-", ".drawing-", ".sharper-", ".export-", ".incoming-", ".work-")
_INCOMING = ".incoming"
_SECONDS_OF_A_WRITE = 3600  # a small file that is written beside its place is there for less than one


def _lock_of(workspace: Workspace, folder: Path) -> Path:
    """The lock file of a temporary folder, whose name no other has."""
    return workspace.locks / f"{folder.name}.lock"


def _no_other_changes(workspace: Workspace) -> contextlib.AbstractContextManager[None]:
    """Between the making of a folder and the taking of its lock nobody looks for what is left behind."""
    return file_lock(workspace.create().locks / "temporary.lock", silent, "Another process makes a folder.")


@contextlib.contextmanager
def temporary_folder(workspace: Workspace, mark: str, parent: Path | None = None) -> Iterator[Path]:
    """A folder in `parent`, by default the workspace, for the `with`; it is removed then, unless it was moved away.

    Args:
        mark: what its name begins with, one of those that `remove_left_behind` looks for.

    Raises:
        WorkspaceError: it cannot be made.
    """
    if mark not in _MARKS:
        raise ValueError(f"{mark} is none of {', '.join(_MARKS)}")
    parent = parent or workspace.home
    with contextlib.ExitStack() as locked:
        with _no_other_changes(workspace):
            with disk_errors(parent):
                folder = Path(tempfile.mkdtemp(prefix=mark, dir=parent))
            locked.callback(_lock_of(workspace, folder).unlink, missing_ok=True)
            locked.enter_context(lock_if_free(_lock_of(workspace, folder)))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_temporary(workspace: Workspace) -> None:
    """Removes folders of `temporary_folder` whose process was killed."""
    with _no_other_changes(workspace):
        for mark in _MARKS:
            for parent in (workspace.home, workspace.models):
                for folder in parent.glob(f"{mark}*"):
                    with lock_if_free(_lock_of(workspace, folder)) as nobodys:
                        if nobodys:
                            shutil.rmtree(folder, ignore_errors=True)
                            _lock_of(workspace, folder).unlink(missing_ok=True)


def _remove_of_dataset(workspace: Workspace, name: str) -> None:
    """What killed imports have left of the data set `name`: its half-made folder, masks on their way, half files."""
    folder = workspace.datasets / name
    shutil.rmtree(workspace.datasets / f".{name}{_INCOMING}", ignore_errors=True)
    for incoming in (".masks.incoming", ".criteria.incoming"):
        shutil.rmtree(folder / incoming, ignore_errors=True)
    for place in (folder, folder / "images", folder / "masks"):
        for half in place.glob("*.partial"):
            half.unlink(missing_ok=True)
    for half in folder.glob(".*.*.*"):  # as `replace_file` names them
        with contextlib.suppress(OSError):
            if half.is_file() and time.time() - half.stat().st_mtime > _SECONDS_OF_A_WRITE:
                half.unlink()


def import_lock(workspace: Workspace, name: str) -> Path:
    """The lock file of whoever changes the data set `name`."""
    return workspace.locks / f"import-{name}.lock"


def remove_left_behind(workspace: Workspace, using: str | None = None) -> None:
    """Removes what killed imports, uploads and drawings have left; what others work on stays.

    Args:
        using: the data set that the caller imports; copies for it that an interrupted import has left stay.
    """
    remove_temporary(workspace)
    shutil.rmtree(workspace.home / "derived", ignore_errors=True)  # networks as ONNX, which earlier versions wrote
    names = {path.name for path in workspace.datasets.iterdir() if path.is_dir()}
    names = {name[1:].removesuffix(_INCOMING) if name.startswith(".") else name for name in names}
    for name in names - {using}:
        with lock_if_free(import_lock(workspace, name)) as nobodys:
            if nobodys:
                _remove_of_dataset(workspace, name)
