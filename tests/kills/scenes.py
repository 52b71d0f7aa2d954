"""Kills among several: one of three trainings in the queue, and the app's server beside a training."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from pipeline.jobs.launch import resume_run, start_run
from pipeline.runs.plan import plan_config
from tests.kills.processes import end, gone, kill
from tests.kills.tally import Tally
from tests.kills.victims import SHORT, figures, on_run
from tests.kills.witness import files_of, ghosts, lost
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


def _begin(home):
    return on_run(lambda: start_run(home, plan_config(home, "tiny", "demo", SHORT)))


def _same(home, works, tally: Tally) -> None:
    """Whether trainings of one configuration have all found the same."""
    found = [figures(home, work) for work in works if work.status().state == "done"]
    for one in found:
        tally.ends += 1
        if one == found[0]:
            tally.equal += 1
        else:
            tally.complain("trainings of one configuration found different figures")


def kill_in_the_queue(hunter) -> None:
    """Of three trainings that were started at once, one is killed, at work or waiting; the others have their turn."""
    home, tally = hunter.home, hunter.tallies.setdefault("queue of three", Tally())
    works = [_begin(home) for _ in range(3)]
    victim = hunter.rng.choice(works)
    if not gone(victim.process, hunter.rng.uniform(0.1, 12)):
        before = files_of(home)
        kill(victim.process)
        tally.kills += 1
        if missing := lost(before, files_of(home), [f"runs/{work.subject.name}/" for work in works]):
            tally.lost += len(missing)
            tally.complain(f"lost {', '.join(missing[:3])}")
        if ghosts(home) or victim.status().state not in ("interrupted", "done"):
            tally.false += 1
            tally.complain(f"the killed one is {victim.status().state}")
    for work in works:
        if work is not victim and (state := end(work)) != "done":
            tally.complain(f"one that was not killed ended as {state}")
    if victim.status().state != "done":
        end(on_run(lambda: resume_run(home, victim.subject), victim.subject))
    _same(home, works, tally)


@contextlib.contextmanager
def _server(hunter) -> Iterator[str]:
    """The app in a process of its own, killed at the end; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with (hunter.place / "server.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)], cwd=ROOT,
            env={**os.environ, "LESIONLAB_HOME": str(hunter.home.home)}, stdout=log, stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(f"{address}/_stcore/health"), 120)
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as page:
            return page.status == 200
    except OSError:
        return False


def kill_the_server(hunter) -> None:
    """The server is killed while trainings that were started beside it go on, and started again."""
    home, tally = hunter.home, hunter.tallies.setdefault("the app's server", Tally())
    with _server(hunter) as address:
        works = [_begin(home), _begin(home)]
        assert _answers(address)
        time.sleep(hunter.rng.uniform(0.0, 4.0))
        before = files_of(home)
    tally.kills += 1
    if missing := lost(before, files_of(home), [f"runs/{work.subject.name}/" for work in works]):
        tally.lost += len(missing)
        tally.complain(f"lost {', '.join(missing[:3])}")
    if states := [work.status().state for work in works if work.status().state not in ("queued", "running", "done")]:
        tally.false += 1
        tally.complain(f"trainings beside it are {', '.join(states)}")
    with _server(hunter) as address:
        assert _answers(address)
    for work in works:
        if (state := end(work)) != "done":
            tally.complain(f"a training beside it ended as {state}")
    _same(home, works, tally)


SCENES = {"queue of three": kill_in_the_queue, "the app's server": kill_the_server}
