"""Kills among several: one of three trainings in the queue, and the app's server beside a training."""

import os
import signal
import time
from pathlib import Path
from urllib.request import urlopen

from pipeline.jobs.launch import resume_run, start_run
from pipeline.runs.plan import plan_config
from tests.e2e.serving import serve
from tests.kills.processes import end, gone, kill
from tests.kills.tally import Tally
from tests.kills.victims import SHORT, figures, on_run
from tests.kills.witness import files_of, ghosts, lost


def _begin(home):
    return on_run(lambda: start_run(home, plan_config(home, "tiny", "demo", SHORT)))


def _same(home, works, tally: Tally) -> None:
    """Whether trainings of one configuration have all found the same."""
    found = [figures(home, work) for work in works]
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


def kill_the_server(hunter) -> None:
    """The server is killed while a training that was started beside it goes on, and started again."""
    home, tally = hunter.home, hunter.tallies.setdefault("the app's server", Tally())
    log = Path(hunter.place / "server.log")
    with serve(home.home, log) as app:
        works = [_begin(home), _begin(home)]
        time.sleep(hunter.rng.uniform(0.0, 4.0))
        before = files_of(home)
        os.kill(app.pid, signal.SIGKILL)
        tally.kills += 1
        if missing := lost(before, files_of(home), [f"runs/{work.subject.name}/" for work in works]):
            tally.lost += len(missing)
            tally.complain(f"lost {', '.join(missing[:3])}")
    with serve(home.home, log) as app, urlopen(app.url) as page:
        assert page.status == 200
    for work in works:
        if (state := end(work)) != "done":
            tally.complain(f"a training beside it ended as {state}")
    _same(home, works, tally)
