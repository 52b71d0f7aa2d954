"""`python -m tests.class_seats HOME CODE SEATS`: a server with so many phones, which join a class and answer at once.

At each line on its input, a position, all of them answer that item, each in a thread of its own; it prints one line of
JSON, first of the seats that joined, then for each item what each answered, with the seconds that each took.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.classroom.room import find_room
from pipeline.files.workspace import Workspace
from pipeline.vocabulary import SURENESS


def at_once(jobs: list[Callable[[], object]]) -> tuple[list[object], list[float]]:
    """What each of the jobs returns, and the seconds that it took; all begin at once."""
    found: list[object] = [None] * len(jobs)
    took, start = [0.0] * len(jobs), threading.Barrier(len(jobs))

    def do(place: int) -> None:
        start.wait()
        begun = time.perf_counter()
        found[place] = jobs[place]()
        took[place] = time.perf_counter() - begun

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found, took


def main(home: str, code: str, seats: int) -> None:
    workspace = Workspace(Path(home))
    tokens, took = at_once([lambda: find_room(workspace, code).join().token] * seats)
    names = [str(find_room(workspace, code).seat(token).nickname) for token in tokens]
    print(json.dumps({"seats": names, "seconds": took}), flush=True)
    for line in sys.stdin:
        position = int(line)
        answers = [("bcc", "mel", "nv")[(place + position) % 3] for place in range(seats)]

        def answer(place: int, position: int = position, answers: list[str] = answers) -> None:
            seat = find_room(workspace, code).seat(tokens[place])
            seat.answer(position, "alone", answers[place], SURENESS[(place * position) % 3])

        _, took = at_once([lambda place=place, answer=answer: answer(place) for place in range(seats)])
        print(json.dumps({"answers": answers, "seconds": took}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
