"""What a person does with finished runs: name them, note something, put one away, take it back.

A run's folder is its id and is never renamed; name and note stand beside its files in `label.json`. Models have labels
of the same kind.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import RunError, WorkspaceError
from pipeline.files.bounds import Text, Word
from pipeline.files.disk import disk_errors, write_json
from pipeline.files.locks import file_lock
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.progress import silent
from pipeline.runs.run_dir import RunDir, find_run
from pipeline.runs.status import ENDED

LONGEST_NAME = 60
LONGEST_NOTE = 2000
LABEL_FILE = "label.json"


@dataclass(frozen=True)
class Label:
    """A run's or model's `name` for people (one line, empty: it goes by its id) and a `note` (may have lines)."""

    name: Word = ""
    note: Text = ""


def label_path(run: RunDir) -> Path:
    return run.folder / LABEL_FILE


def read_label(run: RunDir) -> Label:
    """The run's label; an empty one where none was given or the file is damaged, since no figure depends on it."""
    return label_in(run.folder)


def label_in(folder: Path) -> Label:
    """The label of the run or model in `folder`; an empty one where it has none or it is damaged."""
    try:
        return checked_label(**asdict(read_record(folder / LABEL_FILE, Label)))
    except (WorkspaceError, RunError):
        return Label()


def _bin(workspace: Workspace) -> Path:
    return workspace.bin / "runs"


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Two browsers that name and delete one run at once take turns, so that no half of it stays behind."""
    with file_lock(workspace.locks / "shelf.lock", silent, "Another window changes the runs."):
        yield


def label_run(workspace: Workspace, run: str, name: str, note: str) -> Label:
    """Gives the run a name and a note; empty ones take them away. White space around and within the name is trimmed.

    Raises:
        RunError: there is no such run, it is the bundled one, or a text is too long.
        WorkspaceError: the disk is full or cannot be written.
    """
    label = checked_label(name, note)
    with _alone(workspace):
        found = find_run(workspace, run)
        found.check_own()
        write_json(label_path(found), asdict(label))
    return label


def checked_label(name: str, note: str) -> Label:
    """The label with white space trimmed.

    Raises:
        RunError: a text is too long.
    """
    label = Label(" ".join(name.split()), note.strip())
    if len(label.name) > LONGEST_NAME:
        raise RunError(f"The name has {len(label.name)} characters.", f"Use up to {LONGEST_NAME}.")
    if len(label.note) > LONGEST_NOTE:
        raise RunError(f"The note has {len(label.note):,} characters.", f"Use up to {LONGEST_NOTE:,}.")
    return label


def _at_work(run: RunDir) -> bool:
    try:
        return run.status().state not in ENDED
    except WorkspaceError:  # a damaged status is a reason to delete the run, not to keep it
        return False


def delete_run(workspace: Workspace, run: str) -> RunDir:
    """Moves the run, its model included, to the deleted ones in one step; `restore_run` brings it back.

    Returns:
        The run where it lies now.

    Raises:
        RunError: there is no such run, it is the bundled one, or it waits or is at work.
        WorkspaceError: the workspace cannot be written.
    """
    with _alone(workspace):
        found = find_run(workspace, run)
        found.check_own()
        if _at_work(found):
            raise RunError(f"The run {run} is not at its end.", "Stop it first, on the page Train or with `cancel`.")
        target = _bin(workspace) / run
        if target.exists():
            raise RunError(f"A deleted run has the name {run} already: {target}.", "Move that folder elsewhere.")
        move_folder(found.folder, target)
    return RunDir(target)


def restore_run(workspace: Workspace, run: str) -> RunDir:
    """Moves a deleted run back to the others.

    Raises:
        RunError: no such run was deleted, or another has its name by now.
        WorkspaceError: the workspace cannot be written.
    """
    with _alone(workspace):
        if run not in [deleted.name for deleted in deleted_runs(workspace)]:
            raise RunError(f"No deleted run is named {run}.", "It may have been restored already.")
        target = workspace.runs / run
        if target.exists():
            raise RunError(f"There is a run named {run} already: {target}.", "Delete that one first.")
        move_folder(_bin(workspace) / run, target)
    return RunDir(target)


def move_folder(source: Path, target: Path) -> None:
    """Moves a folder within the workspace; parents are created."""
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(source, target)  # one step within the workspace: no reader sees half of it


def deleted_runs(workspace: Workspace) -> list[RunDir]:
    """The runs that can be restored, the last deleted first."""
    if not _bin(workspace).is_dir():
        return []
    runs = [RunDir(path) for path in _bin(workspace).iterdir() if path.is_dir()]
    # moving a folder changes its inode (ctime), not its content (mtime)
    whole = (run for run in runs if os.path.lexists(run.status_path))
    return sorted(whole, key=lambda run: run.folder.stat().st_ctime, reverse=True)
