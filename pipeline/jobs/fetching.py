"""Fetches as jobs: a process of its own for a download of an hour, watched by files, stopped by a signal.

    .downloads/<source>/  fetch.json (the data set's name)  status.json  fetch.log  <source>/ (the files)
"""

import contextlib
import shutil

from pipeline.data.sources.catalogue import Source
from pipeline.errors import DataError, RunError, WorkspaceError
from pipeline.files.disk import write_json
from pipeline.files.workspace import Workspace
from pipeline.jobs.job_dirs import Fetch, begun_fetches, fetch_of
from pipeline.jobs.launch import queue, request_stop, start_queued
from pipeline.runs.status import ENDED


def list_fetches(workspace: Workspace) -> list[Fetch]:
    """Fetches that have begun, can be read and were not dismissed, in the catalogue's order."""
    found = []
    for fetch in begun_fetches(workspace):
        with contextlib.suppress(WorkspaceError):
            if fetch.name and fetch.status():
                found.append(fetch)
    return found


def damaged_fetches(workspace: Workspace) -> list[WorkspaceError]:
    """What is wrong with each fetch that has begun and cannot be read."""
    found = []
    for fetch in begun_fetches(workspace):
        try:
            fetch.name, fetch.status()
        except WorkspaceError as error:
            found.append(error)
    return found


def queue_fetch(workspace: Workspace, source: Source, name: str) -> Fetch:
    """A fetch of `source`, to be called `name`, that nobody works on yet.

    Raises:
        DataError: the source is being fetched already.
        WorkspaceError: the workspace cannot be written; then no fetch has begun.
    """
    fetch = fetch_of(workspace.create(), source)
    busy = DataError(f"{source.title} is being fetched already.", "Wait until that has ended, or stop it.")
    try:
        queue(fetch, busy, lambda: write_json(fetch.name_path, {"name": name}))
    except WorkspaceError:
        if not fetch.status_path.exists():
            fetch.name_path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                fetch.folder.rmdir()  # stays where it holds what has come before
        raise
    return fetch


def start_fetch(workspace: Workspace, source: Source, name: str) -> Fetch:
    """Starts a process that fetches; it outlives this one, its terminal and its browser.

    Raises:
        DataError, WorkspaceError: as `queue_fetch`.
    """
    fetch = queue_fetch(workspace, source, name)
    start_queued(workspace, fetch)
    return fetch


def stop_fetch(fetch: Fetch) -> None:
    """Asks the process that fetches to stop; it does within seconds, and keeps what has come."""
    with contextlib.suppress(RunError):  # it has ended
        request_stop(fetch)


def dismiss_fetch(fetch: Fetch) -> None:
    """Forgets an ended fetch, and throws away what it has downloaded."""
    if fetch.status().state in ENDED:
        shutil.rmtree(fetch.folder, ignore_errors=True)
