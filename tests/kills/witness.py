"""What is looked at after a kill: files that are not the victim's, states, and what is half there."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psutil

from pipeline.data.dataset import damaged_datasets, list_datasets
from pipeline.errors import LesionLabError
from pipeline.files.workspace import Workspace
from pipeline.models.model_info import list_models
from pipeline.runs.resume import requeue
from pipeline.runs.run_dir import RunDir, list_runs
from pipeline.runs.searches import list_searches
from tests.kills.victims import Work

CLOCK_STEPS = (-3600.0, -1.5, 1.5, 90.0, 3600.0)
_COMPUTED_AGAIN = ("locks/", "server.log")

Files = dict[str, tuple[int, int]]


def _is_computed_again(name: str) -> bool:
    hidden = any(part.startswith(".") for part in Path(name).parts)
    return hidden or name.startswith(_COMPUTED_AGAIN) or "/cache/" in name


def files_of(home: Workspace) -> Files:
    """Size and time of change of every file that nothing could compute again, by its path below the workspace."""
    found = {}
    for folder, _, names in os.walk(home.home):
        for name in names:
            path = Path(folder, name)
            below = str(path.relative_to(home.home))
            if not _is_computed_again(below):
                try:
                    stat = path.stat()
                except FileNotFoundError:  # a process that lives has moved it
                    continue
                found[below] = stat.st_size, stat.st_mtime_ns
    return found


def lost(before: Files, after: Files, owned: list[str]) -> list[str]:
    """The files of `before` that are gone or changed, but for those whose path begins as one of `owned`."""
    return [name for name, state in before.items() if after.get(name) != state and not name.startswith(tuple(owned))]


def damage(home: Workspace) -> list[str]:
    """What cannot be read in the workspace, in sentences."""
    found = [str(error) for error in damaged_datasets(home).values()]
    for read in (list_models, list_datasets):
        try:
            read(home)
        except LesionLabError as error:
            found.append(str(error))
    for folder in [*home.runs.iterdir(), *(home.searches.iterdir() if home.searches.is_dir() else [])]:
        try:
            RunDir(folder).status(), RunDir(folder).config()
        except (LesionLabError, FileNotFoundError) as error:
            found.append(f"{folder.name}: {error}")
    return found


def ghosts(home: Workspace) -> list[str]:
    """Runs and searches that are said to wait or to be at work although nobody works on them."""
    jobs = [*list_runs(home), *list_searches(home)]
    said = {job.name: job.status() for job in jobs}
    return [name for name, status in said.items() if status.state in ("queued", "running")
            and not (status.pid and psutil.pid_exists(status.pid))]


def left_behind(home: Workspace) -> list[str]:
    """Folders and files that were only on their way to their place; the copies of an import that can go on may stay."""
    hidden = [path for place in (home.home, home.models, home.runs, home.searches)
              for path in place.glob(".*") if path.name != ".downloads"]
    return [str(path.relative_to(home.home)) for path in hidden]


@contextmanager
def clock_set(seconds: float) -> Iterator[None]:
    """The clock of this process is ahead by so much, as if it had been set: psutil's creation times move with it."""
    now, created = time.time, psutil.Process.create_time
    with patch("time.time", lambda: now() + seconds), patch.object(
        psutil.Process, "create_time", lambda process: created(process) + seconds
    ):
        yield


def misled_by_the_clock(work: Work, rng: random.Random) -> str | None:
    """Sets the clock while the work lives: what is then shown or permitted that must not be; None where nothing is."""
    if work.status is None or work.process is None:
        return None
    with clock_set(rng.choice(CLOCK_STEPS)):
        status = work.status()
        if not work.process.is_running() or work.process.status() == psutil.STATUS_ZOMBIE:
            return None
        if status.state == "interrupted":
            return "a living process is shown as interrupted"
        if (status.seconds or 0) < 0:
            return "it has worked for less than nothing"
        if isinstance(work.subject, RunDir) and status.state in ("queued", "running"):
            try:
                requeue(work.subject)
            except LesionLabError:
                return None
            if work.subject.status().state not in ("done", "failed"):
                return "a second process may work on it"
    return None
