"""Starts each victim, kills it at a random moment, looks, goes on with it, and compares what it found in the end."""

import functools
import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.configuration.presets import preset
from pipeline.data.sources.isic import BASE_VARIABLE
from pipeline.files.workspace import Workspace
from pipeline.runs.run_dir import RunDir, create_run
from pipeline.runs.status import ENDED
from tests.fixtures.packing import unpack
from tests.isic_archives import isic2018
from tests.kills.processes import LONGEST, end, gone, kill
from tests.kills.scenes import SCENES
from tests.kills.tally import Tally
from tests.kills.victims import MODEL, Victim, Work, victims
from tests.kills.witness import damage, files_of, ghosts, left_behind, lost, misled_by_the_clock
from tests.small_archives import files_of as members
from tests.small_archives import jpeg, rows, write_zip
from tests.stand_in_server import stand_in

ARCHIVE = Path(__file__).resolve().parents[1] / "fixtures" / "old_workspace.tar.xz"
IN_A_ROW = {False: (6, 10), True: (1, 3)}  # kills of the same work before it may end; True: a slow one


@contextmanager
def prepared(place: Path) -> Iterator[Workspace]:
    """The workspace of an earlier LesionLab in `place`, a server to fetch from, and one thread for each process."""
    unpack(ARCHIVE, place)
    images = {f"ISIC_{n:07d}": jpeg(n, (480, 360)) for n in range(14)}
    write_zip(place / "images.zip", members(rows(300)))
    before = dict(os.environ)
    with stand_in() as served:
        served.files |= isic2018(place, "Validation", images, ["mel", "nv", "bcc", "akiec", "bkl", "df", "vasc"] * 2)
        os.environ |= {
            "OMP_NUM_THREADS": "1", BASE_VARIABLE: served.address, "LESIONLAB_BUNDLED": str(place / "nothing"),
        }
        try:
            yield Workspace(place / "home").create()
        finally:
            os.environ.clear()
            os.environ.update(before)


def _clear(home: Workspace, place: Path, victim: Victim) -> None:
    """Takes away what a command has made, and what is computed once where the victim does that, to be made again."""
    datasets = (home.datasets / "imported", home.datasets / "fetched")
    for path in (*datasets, home.models / "again", home.home / ".downloads"):
        shutil.rmtree(path, ignore_errors=True)
    for path in home.datasets.glob("*/cache/features-*") if victim.slow else ():
        shutil.rmtree(path, ignore_errors=True)
    for name in ("out.zip", "out.onnx"):
        (place / name).unlink(missing_ok=True)


class Range:
    """Shoots at the victims of one workspace, one after the other."""

    def __init__(self, place: Path, home: Workspace, rng: random.Random):
        self.place, self.home, self.rng = place, home, rng
        self.tallies: dict[str, Tally] = {}
        self.begun = time.monotonic()
        self._known: dict[str, tuple[float, Any]] = {}

    def _in_one_go(self, victim: Victim) -> tuple[float, Any]:
        """How long the victim takes, in seconds, and what it gives when nobody kills it."""
        if victim.name not in self._known:
            _clear(self.home, self.place, victim)
            begun = time.monotonic()
            work = victim.begin(self.home)
            state = end(work)
            assert state == "done", f"{victim.name} ends as {state} by itself: {work.status and work.status().error}"
            self._known[victim.name] = time.monotonic() - begun, victim.result(self.home, work)
        return self._known[victim.name]

    def hunt(self, victim: Victim, kills: int) -> None:
        """Kills the victim so many times in a row, goes on with it each time, and lets it end."""
        tally = self.tallies.setdefault(victim.name, Tally())
        seconds, expected = self._in_one_go(victim)
        _clear(self.home, self.place, victim)
        work = victim.begin(self.home)
        while kills:
            killed = self._shoot(victim, work, seconds, tally)
            kills, seconds = kills - killed, seconds if killed else seconds * 0.7
            ended = work.status is not None and work.status().state == "done"
            if ended:
                _clear(self.home, self.place, victim)
            work = victim.begin(self.home) if ended else victim.again(self.home, work)
        state = end(work)
        tally.ends += 1
        if state != "done":
            tally.complain(f"{victim.name} ended as {state}: {work.status and work.status().error}")
        elif (found := victim.result(self.home, work)) != expected:
            tally.complain(f"{victim.name} found something else than in one go: {str(found)[:200]}")
        else:
            tally.equal += 1
        if isinstance(work.subject, RunDir) and work.subject.name != MODEL:
            shutil.rmtree(work.subject.folder)

    def _shoot(self, victim: Victim, work: Work, seconds: float, tally: Tally) -> int:
        """Kills the work within the time that it takes; how many kills that were, 0 where it ended before."""
        before, moment = files_of(self.home), self.rng.uniform(0.02, 0.9) * seconds
        if victim.after:
            while not gone(work.process, 0.01) and not work.status().doing.startswith(victim.after):
                continue
            moment = self.rng.random()
        half = moment * self.rng.random()
        if gone(work.process, half):
            return 0
        if self.rng.random() < 0.4:
            tally.steps += 1
            if problem := misled_by_the_clock(work, self.rng):
                tally.false += 1
                tally.complain(f"{victim.name}, the clock set: {problem}")
        if gone(work.process, moment - half):
            return 0
        kill(work.process)
        tally.kills += 1
        print(f"{time.monotonic() - self.begun:>6.0f} s: {victim.name}, {moment:.1f} of {seconds:.1f} s", flush=True)
        if missing := lost(before, files_of(self.home), victim.owns(work)):
            tally.lost += len(missing)
            tally.complain(f"{victim.name} lost or changed {', '.join(missing[:3])}")
        if work.status and (state := work.status().state) not in ENDED:
            tally.false += 1
            tally.complain(f"{victim.name} is {state} after a kill")
        for sentence in [*damage(self.home), *(f"{name} is a ghost" for name in ghosts(self.home))]:
            tally.false += 1
            tally.complain(f"{victim.name}: {sentence}")
        return 1

    def stop(self, victim: Victim) -> None:
        """Asks the work to stop at a random moment, and measures how soon it has."""
        tally = self.tallies.setdefault(victim.name, Tally())
        seconds, _ = self._in_one_go(victim)
        _clear(self.home, self.place, victim)
        work = victim.begin(self.home)
        if gone(work.process, self.rng.random() * seconds) or work.status().state in ENDED:
            return
        asked = time.monotonic()
        work.stop()
        while work.status().state not in ENDED:
            assert time.monotonic() - asked < LONGEST, "it does not stop"
            time.sleep(0.05)
        took = time.monotonic() - asked
        gone(work.process, LONGEST)
        tally.stops, tally.slowest = tally.stops + 1, max(tally.slowest, took)
        if (state := work.status().state) not in ("cancelled", "done"):
            tally.false += 1
            tally.complain(f"{victim.name} is {state} after a stop")


def shoot(place: Path, seed: int, kills: int, only: str | None = None) -> dict[str, Tally]:
    """Kills so many processes in a workspace in `place`; what came of it, by task, and of "all" together."""
    with prepared(place) as home:
        hunter, done = Range(place, home, random.Random(seed)), 0
        prey = [victim for victim in victims(place) if only in (None, victim.name)]
        scenes = [scene for name, scene in SCENES.items() if only in (None, name)]

        def hunt(one: Victim, most: int) -> None:
            hunter.hunt(one, min(hunter.rng.randint(*IN_A_ROW[one.slow]), most))

        turns = [functools.partial(hunt, one) for one in prey]
        turns += [lambda most, scene=scene: scene(hunter) for scene in scenes]
        hunter.rng.shuffle(turns)
        while done < kills:
            for turn in turns:
                if done < kills:
                    turn(kills - done)
                    done = sum(tally.kills for tally in hunter.tallies.values())
        for victim in prey:
            if victim.can_stop and victim.name in hunter.tallies:
                hunter.stop(victim)
        create_run(home, preset("demo").for_data("tiny", ""), {})  # which clears away what killed ones have left
        together = Tally.of_all(hunter.tallies.values())
        for name in left_behind(home):
            together.complain(f"{name} was left behind")
        return {**hunter.tallies, "all": together}
