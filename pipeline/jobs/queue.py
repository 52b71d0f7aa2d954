"""One run at a time on a device of a node: first come, first served; a killed trainer frees its place by dying."""

import contextlib
import hashlib
import time

from pipeline.files.locks import lock_if_free
from pipeline.files.workspace import Workspace
from pipeline.progress import Cancelled
from pipeline.runs.boot import host
from pipeline.runs.run_dir import RunDir, readable_runs

_SECONDS_BETWEEN_LOOKS = 0.3


def ahead_of(workspace: Workspace, run: RunDir) -> list[RunDir]:
    """Live runs of this node that come before `run`: those running, and those queued that joined the queue earlier."""
    mine = (run.status().place, run.name)
    before = []
    for other in readable_runs(workspace):
        status = other.status()
        if other.name != run.name and status.here and (
            status.state == "running" or (status.state == "queued" and (status.place, other.name) < mine)
        ):
            before.append(other)
    return before


@contextlib.contextmanager
def hold_device(workspace: Workspace, run: RunDir, device: str, stop_asked, on_wait):
    """Holds the device for the block. Its lock goes with the process.

    Args:
        device: the device's kind; each of a node has a queue of its own in the workspace.
        stop_asked: called while waiting; true gives the place up.
        on_wait: called with the list of runs ahead whenever it changes.

    Raises:
        Cancelled: stop was asked for while waiting.
    """
    path = workspace.locks / f"device-{device}-{hashlib.sha256(host().encode()).hexdigest()[:8]}.lock"
    told = None
    while True:
        if stop_asked():
            raise Cancelled()
        ahead = ahead_of(workspace, run)
        if not [r for r in ahead if r.status().state == "queued"]:
            with lock_if_free(path) as mine:
                if mine:
                    yield
                    return
        names = [r.name for r in ahead]
        if names != told:
            told = names
            on_wait(names)
        time.sleep(_SECONDS_BETWEEN_LOOKS)
