"""`python -m tests.benchmarks.class_phones`: sixty phones answer twelve items by the websockets of one server.

Each is what a browser is to the server: it opens Take part, presses its button, looks every two seconds whether the
class goes on, and taps an answer some moments after the picture came. Prints how many answers were stored, the seconds
from tap to the stored answer and from the opening of an item to the picture (median, 95th percentile, longest), and the
server's memory. The phones compute on the same machine, which makes all of it slower.
"""

import argparse
import json
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import psutil
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from pipeline.classroom.room import Room, open_room
from pipeline.classroom.room_plan import Plan
from pipeline.files.workspace import Workspace
from tests.e2e.serving import serve
from tests.pictured_lesson import pictured_lesson

PHONES, ITEMS = 60, 12
_THINKS = (0.5, 4.0)  # seconds between picture and tap
_PATIENCE = 300.0  # seconds for one item


@dataclass
class Tally:
    """What came of a class: answers that were tapped and stored, seconds, and the server's MiB before and after."""

    tapped: int = 0
    stored: int = 0
    waits: list[float] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    before: float = 0.0
    after: float = 0.0


class Phone:
    """A phone of the class: one session of the server."""

    def __init__(self, url: str, code: str):
        self.opened: dict[int, float] = {}  # when the picture of an item came
        self.tapped: dict[int, float] = {}
        self._query, self._page, self._card, self._shown, self._press = f"room={code}", "", "", "", ""
        self._looks: dict[str, tuple[float, float]] = {}  # fragments that look again: interval, next time
        self._open = ExitStack()
        self._socket: ClientConnection = self._open.enter_context(connect(
            f"{url.replace('http', 'ws')}/_stcore/stream", subprotocols=["streamlit"], max_size=None, proxy=None,
            open_timeout=60))
        self._ask()
        self._until(lambda: bool(self._press))
        self._ask(press=True)
        self._until(lambda: "seat=" in self._query)

    def _ask(self, *, press: bool = False, answer: dict | None = None, fragment: str = "") -> None:
        asked = BackMsg()
        run = asked.rerun_script
        run.page_name, run.page_script_hash, run.query_string = "take-part", self._page, self._query
        run.fragment_id, run.is_auto_rerun = fragment, bool(fragment)
        if press:
            state = run.widget_states.widgets.add()
            state.id, state.trigger_value = self._press, True
        if answer is not None:
            state = run.widget_states.widgets.add()
            state.id = _make_trigger_id(self._card, "events")
            state.json_trigger_value = json.dumps([{"event": "locked", "value": answer}])
        self._socket.send(asked.SerializeToString())

    def _hear(self, seconds: float) -> None:
        """Takes in what the server says within these seconds, and looks again where it was told to."""
        due = min([time.monotonic() + seconds, *(when for _, when in self._looks.values())])
        try:
            said = self._socket.recv(timeout=max(due - time.monotonic(), 0.0))
        except TimeoutError:
            for fragment, (every, when) in self._looks.items():
                if time.monotonic() >= when:
                    self._looks[fragment] = (every, time.monotonic() + every)
                    self._ask(fragment=fragment)
            return
        message = ForwardMsg.FromString(said)
        match message.WhichOneof("type"):
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "new_session" if not message.metadata.run.fragment_ids:
                self._looks.clear()
            case "navigation":
                self._page = message.navigation.page_script_hash
            case "auto_rerun":
                every = message.auto_rerun.interval
                self._looks[message.auto_rerun.fragment_id] = (every, time.monotonic() + every)
            case "delta":
                self._draw(message.delta.new_element)

    def _draw(self, element) -> None:
        if element.WhichOneof("type") == "button" and "classroom.take_part" in element.button.id:
            self._press = element.button.id
        if element.WhichOneof("type") == "bidi_component" and "classroom.card" in element.bidi_component.id:
            self._card = element.bidi_component.id
            self._shown = json.loads(element.bidi_component.json)["id"]
            position = int(self._shown.split(".")[1])
            self.opened.setdefault(position, time.time())

    def _until(self, reached) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not reached():
            if time.monotonic() > deadline:
                raise TimeoutError(f"a phone waited for {_PATIENCE:.0f} s")
            self._hear(1.0)

    def answer(self, position: int, answer: str) -> None:
        """Waits for the item, thinks, taps, and waits until the card says that it is locked."""
        self._until(lambda: self._shown.endswith(f".{position}.alone"))
        thinks = time.monotonic() + random.uniform(*_THINKS)
        while time.monotonic() < thinks:
            self._hear(thinks - time.monotonic())
        self.tapped[position] = time.time()
        self._ask(answer={"id": self._shown, "answer": answer, "sure": "sure", "biopsy": None, "ticks": []})
        self._until(lambda: self._shown.endswith(f".{position}.look"))

    @property
    def token(self) -> str:
        """Of its seat, as its address has it."""
        return parse_qs(self._query)["seat"][0]

    def leave(self) -> None:
        self._open.close()


def _tally(room: Room, phones: list[Phone], opened: dict[int, float], tally: Tally) -> None:
    """Reads from the files of the class when each answer was stored."""
    for phone in phones:
        stored = {one.position: one.at for one in room.seat(phone.token).given()}
        tally.tapped += len(phone.tapped)
        tally.stored += len(stored)
        tally.pictures += [phone.opened[position] - opened[position] for position in phone.tapped]
        tally.waits += [at - phone.tapped[position] for position, at in stored.items()]


def hold_class(phones: int, items: int) -> Tally:
    """A class of so many phones on one server of its own, through so many items."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="class-phones-") as place:
        workspace = Workspace(Path(place) / "home").create()
        room = open_room(workspace, pictured_lesson(workspace, Path(place), items), Plan("class", "alone"))
        with serve(workspace.home, Path(place) / "app.log") as app:
            server, opened = psutil.Process(app.pid), {}
            tally.before = server.memory_info().rss / 2**20
            with ThreadPoolExecutor(phones) as at_once:
                here = list(at_once.map(lambda _: Phone(app.url, room.code), range(phones)))
                for position in range(items):
                    room.next()
                    opened[position] = time.time()
                    list(at_once.map(lambda phone, position=position: phone.answer(position, "nv"), here))
                    room.reveal()
            tally.after = server.memory_info().rss / 2**20
            for phone in here:
                phone.leave()
        _tally(room, here, opened, tally)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.class_phones", description=__doc__)
    parser.add_argument("--phones", type=int, default=PHONES)
    parser.add_argument("--items", type=int, default=ITEMS)
    arguments = parser.parse_args()
    tally = hold_class(arguments.phones, arguments.items)
    wanted = arguments.phones * arguments.items
    print(f"{tally.stored:,} of {wanted:,} answers stored, {wanted - tally.stored:,} lost")
    for what, seconds in (("tap to stored answer", tally.waits), ("opening to picture", tally.pictures)):
        middle, high, longest = np.quantile(seconds, [0.5, 0.95, 1])
        print(f"{what:<22} median {middle:6.2f}  95 % {high:6.2f}  longest {longest:6.2f} s")
    print(f"server's memory {tally.before:,.0f} MiB before, {tally.after:,.0f} MiB after")


if __name__ == "__main__":
    main()
