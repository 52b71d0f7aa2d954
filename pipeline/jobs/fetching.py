"""Fetches as jobs: a process of its own for a download of an hour, watched by files, stopped by a signal.

    .downloads/<source>/  fetch.json (the data set's name)  status.json  fetch.log  <source>/ (the files)
"""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from typing_extensions import TypedDict

from pipeline.bounds import FileName
from pipeline.data.dataset import Dataset
from pipeline.data.sources.catalogue import SOURCES, Source
from pipeline.errors import DataError, LesionLabError, WorkspaceError
from pipeline.files import disk_errors, write_json
from pipeline.jobs.processes import start_pipeline
from pipeline.locks import file_lock, lock_if_free
from pipeline.progress import Cancelled, Progress, silent
from pipeline.records import read_record
from pipeline.runs.boot import uptime
from pipeline.runs.status import (
    ENDED,
    NO_PROCESS,
    Status,
    just_queued,
    just_started,
    process_identity,
    read_status,
    stored_status,
    works_here,
    write_status,
)
from pipeline.vocabulary import State
from pipeline.workspace import Workspace

_SECONDS_BETWEEN_WRITES = 0.5
_STOPPED = "Stopped on request. What has come so far is kept; the next try goes on from there."
_GONE = "Its process ended without a word. What has come so far is kept; the next try goes on from there."


class _Asked(TypedDict):
    name: FileName


@dataclass(frozen=True)
class Fetch:
    """One source's fetch in a workspace, at work or ended."""

    source: Source
    folder: Path

    @property
    def status_path(self) -> Path:
        return self.folder / "status.json"

    @property
    def name_path(self) -> Path:
        return self.folder / "fetch.json"

    @property
    def name(self) -> str:
        """What the data set is to be called; raises what `read_record` does."""
        return read_record(self.name_path, _Asked, "Dismiss the download, and start it again.")["name"]

    @property
    def stop_path(self) -> Path:
        """Lies here from when a stop was asked for until the next try."""
        return self.folder / "stop"

    def status(self) -> Status:
        """The believed status; raises FileNotFoundError or WorkspaceError as `read_status` does.

        A process that was stopped before it could write that down was stopped all the same.
        """
        status = read_status(self.status_path)
        if status.state != "interrupted":
            return status
        if self.stop_path.exists():
            return replace(status, state="cancelled", doing=_STOPPED)
        return replace(status, doing=_GONE)


def _fetch_of(workspace: Workspace, source: Source) -> Fetch:
    return Fetch(source, workspace.home / ".downloads" / source.id)


def list_fetches(workspace: Workspace) -> list[Fetch]:
    """Fetches that have begun and were not dismissed, in the catalogue's order."""
    found = []
    for fetch in (_fetch_of(workspace, source) for source in SOURCES.values()):
        with contextlib.suppress(WorkspaceError):
            if fetch.name and fetch.status():
                found.append(fetch)
    return found


def _writes(workspace: Workspace, source: Source):
    """Its starter and its process take turns at the status until the process has it; a context manager."""
    return file_lock(workspace.locks / f"fetch-{source.id}-status.lock", silent, "Another process starts the fetch.")


def damaged_fetches(workspace: Workspace) -> list[WorkspaceError]:
    """What is wrong with each fetch that has begun and cannot be read."""
    found = []
    for fetch in (_fetch_of(workspace, source) for source in SOURCES.values()):
        try:
            if os.path.lexists(fetch.status_path):
                fetch.name, fetch.status()
        except WorkspaceError as error:
            found.append(error)
    return found


def _was_queued(fetch: Fetch) -> bool:
    """Whether this process was started for a fetch that somebody watches; a stop of an earlier one is past."""
    try:
        return stored_status(fetch.status_path).state == "queued"
    except WorkspaceError:
        return False


def _begin(fetch: Fetch, name: str, status: Status) -> None:
    with disk_errors(fetch.folder):
        fetch.folder.mkdir(parents=True, exist_ok=True)
        fetch.stop_path.unlink(missing_ok=True)
    try:
        write_json(fetch.name_path, {"name": name})
        write_status(fetch.status_path, status)
    except WorkspaceError:
        if not fetch.status_path.exists():  # a fetch that could not be written down has not begun
            fetch.name_path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                fetch.folder.rmdir()  # stays where it holds what has come before
        raise


def _busy(source: Source) -> DataError:
    return DataError(f"{source.title} is being fetched already.", "Wait until that has ended, or stop it.")


@contextlib.contextmanager
def _alone(workspace: Workspace, source: Source) -> Iterator[None]:
    with lock_if_free(workspace.create().locks / f"fetch-{source.id}.lock") as mine:
        if not mine:
            raise _busy(source)
        yield


def work_on_fetch(workspace: Workspace, source: Source, name: str, progress: Progress = silent) -> Dataset:
    """Fetches in this process, and writes where it stands for everybody who watches.

    Raises:
        DataError, WorkspaceError: as `pipeline.data.sources.fetch.fetch`, or it is being fetched already.
        Cancelled, KeyboardInterrupt: it was stopped.
    """
    from pipeline.data.sources.fetch import fetch as bring

    fetch = _fetch_of(workspace, source)
    with _alone(workspace, source):
        status = just_queued(**just_started(), **process_identity(), doing="Connects.")
        with _writes(workspace, source):
            if fetch.stop_path.exists() and _was_queued(fetch):
                write_status(fetch.status_path, replace(status, state="cancelled", **NO_PROCESS, ended=time.time(),
                                                        doing=_STOPPED))
                raise Cancelled()
            _begin(fetch, name, status)
        written = [0.0]

        def tell(fraction: float | None, sentence: str) -> None:
            nonlocal status
            status = replace(status, doing=sentence, fraction=status.fraction if fraction is None else fraction)
            if time.monotonic() - written[0] > _SECONDS_BETWEEN_WRITES:
                written[0] = time.monotonic()
                write_status(fetch.status_path, status)
            progress(fraction, sentence)

        def end(state: State, **fields) -> None:
            took = None if status.started_up is None else uptime() - status.started_up
            write_status(fetch.status_path, replace(
                status, state=state, **NO_PROCESS, ended=time.time(), worked=took, **fields
            ))

        try:
            dataset = bring(workspace, source, name, tell)
        except (Cancelled, KeyboardInterrupt):
            end("cancelled", doing=_STOPPED)
            raise
        except LesionLabError as error:
            end("failed", doing="Failed.", error=str(error))
            raise
        except Exception as error:
            end("failed", doing="Failed.", error=f"An unexpected error ended it: {type(error).__name__}. The details "
                f"are in {fetch.folder / 'fetch.log'}.")
            raise
        end("done", doing="Done.", fraction=1.0, notes=tuple(dataset.notes))
        return dataset


def start_fetch(workspace: Workspace, source: Source, name: str) -> Fetch:
    """Starts a process that fetches; it outlives this one, its terminal and its browser.

    Raises:
        DataError: the source is being fetched already.
    """
    fetch = _fetch_of(workspace, source)
    if any(f.source == source and f.status().state not in ENDED for f in list_fetches(workspace)):
        raise _busy(source)
    with _alone(workspace, source):
        _begin(fetch, name, just_queued(doing="Starts."))
    log_path = fetch.folder / "fetch.log"
    try:
        with disk_errors(log_path), log_path.open("wb") as log:
            process = start_pipeline(workspace, ["data", "fetch", source.id, "--name", name], log, log)
    except (WorkspaceError, OSError):
        fetch.status_path.unlink(missing_ok=True)
        raise
    with _writes(workspace, source):
        status = read_status(fetch.status_path)
        if status.state == "queued" and status.pid is None:
            with contextlib.suppress(psutil.NoSuchProcess, WorkspaceError):
                write_status(fetch.status_path, replace(status, **process_identity(process.pid)))
    return fetch


def stop_fetch(fetch: Fetch) -> None:
    """Asks the process that fetches to stop; it does within seconds, and keeps what has come."""
    status = fetch.status()
    if status.state in ENDED:
        return
    with disk_errors(fetch.stop_path):
        fetch.stop_path.touch()  # for a process that has not begun
    if works_here(status):
        with contextlib.suppress(ProcessLookupError):
            os.kill(status.pid, signal.SIGTERM)


def dismiss_fetch(fetch: Fetch) -> None:
    """Forgets an ended fetch, and throws away what it has downloaded."""
    if fetch.status().state in ENDED:
        shutil.rmtree(fetch.folder, ignore_errors=True)
