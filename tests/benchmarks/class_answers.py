"""`python -m tests.benchmarks.class_answers`: sixty seats of three servers on one folder answer twelve items at once.

Prints the seconds of joining, of storing an answer and of the educator's look at the class: median, 95th percentile,
longest. A phone adds its way through the network and the page.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.classroom.room import Room, open_room
from pipeline.classroom.room_plan import Plan
from pipeline.files.workspace import Workspace
from tests.small_lesson import item, small_lesson

SERVERS, SEATS, ITEMS = 3, 20, 12  # seats of each server
_PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Told:
    """What the servers said: of each seat its answers by position; the seconds of each join, answer and look."""

    answers: dict[str, dict[int, str]] = field(default_factory=dict)
    joins: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)


@contextlib.contextmanager
def _servers(room: Room, home: Path, number: int, seats: int) -> Iterator[list[subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "tests.class_seats", str(home), room.code, str(seats)]
    found = [subprocess.Popen(command, cwd=_PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
             for _ in range(number)]
    try:
        yield found
    finally:
        for server in found:
            server.stdin.close()
            server.wait(60)
            server.stdout.close()


def hold_class(workspace: Workspace, servers: int, seats: int, items: int) -> tuple[Room, Told]:
    """A class of `servers` times `seats` phones that all answer each of `items` at once, and what they say they did."""
    lesson = small_lesson(forms={"A": tuple(item(number, "mel", "nv") for number in range(items))})
    room, told = open_room(workspace, lesson, Plan("class", "alone")), Told()
    with _servers(room, workspace.home, servers, seats) as running:
        joined = [json.loads(server.stdout.readline()) for server in running]
        for one in joined:
            told.joins += one["seconds"]
            told.answers |= {name: {} for name in one["seats"]}
        for position in range(items):
            room.next()
            for server in running:
                print(position, file=server.stdin, flush=True)
            for server, one in zip(running, joined, strict=True):
                said = json.loads(server.stdout.readline())
                told.stored += said["seconds"]
                for name, answer in zip(one["seats"], said["answers"], strict=True):
                    told.answers[name][position] = answer
            begun = time.perf_counter()
            room.state()
            told.looks.append(time.perf_counter() - begun)
    return room, told


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        _, told = hold_class(Workspace(Path(home)).create(), SERVERS, SEATS, ITEMS)
    for what, seconds in (("join", told.joins), ("answer", told.stored), ("look", told.looks)):
        middle, high, longest = np.quantile(seconds, [0.5, 0.95, 1]) * 1000
        print(f"{what:<8}{len(seconds):>5} times  median {middle:7.1f}  95 % {high:7.1f}  longest {longest:7.1f} ms")


if __name__ == "__main__":
    main()
