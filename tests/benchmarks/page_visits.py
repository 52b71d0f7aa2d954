"""The app served with a clock around each script run, and its pages opened again and again without a browser, which
would take the server's cores: what is timed is a page's script in the server.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[2]
WARM_UP = 2
GOAL_MS = 300


@contextmanager
def timed_server(home: Path, log: Path) -> Iterator[str]:
    """The app's address; it does not wait until the app answers."""
    with timed_process(home, log) as (url, _):
        yield url


@contextmanager
def timed_process(home: Path, log: Path) -> Iterator[tuple[str, int]]:
    """Likewise, with the number of the server's process."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.timed_server", str(port), str(log)], cwd=ROOT,
        env={**os.environ, "LESIONLAB_HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def wait_until_it_answers(url: str) -> None:
    """Waits until the server takes connections."""
    deadline = time.monotonic() + 60
    port = int(url.rpartition(":")[2])
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            assert time.monotonic() < deadline, "the app did not start"
            time.sleep(0.01)


def lines(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def visit(url: str, address: str) -> list[str]:
    """Opens a page in a new session as a browser does; the titles that the server sends back."""
    page, _, query = address.partition("?")
    titles = []
    with connect(f"{url.replace('http', 'ws', 1)}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as socket:
        state = ClientState(page_name=page, query_string=query)
        socket.send(BackMsg(rerun_script=state).SerializeToString())
        for frame in socket:
            message = ForwardMsg.FromString(frame)
            element = message.delta.new_element
            if element.heading.tag == "h1":
                titles.append(element.heading.body)
            assert element.WhichOneof("type") != "exception" and element.alert.format != Alert.ERROR, (
                f"{address} shows: {element.exception.message or element.alert.body}"
            )
            if message.WhichOneof("type") == "script_finished":
                assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY, address
                return titles
    raise AssertionError(f"the server ended the session of {address}")


def timed_visit(url: str, address: str, log: Path) -> tuple[dict[str, float], list[str]]:
    """What the server noted of one visit (seconds, and processor seconds), and the page's titles."""
    before = len(lines(log))
    titles = visit(url, address)
    deadline = time.monotonic() + 10
    while len(lines(log)) == before:  # the line comes after the last message
        assert time.monotonic() < deadline, f"no time was noted for {address}"
        time.sleep(0.005)
    return lines(log)[-1], titles


def page_times(url: str, log: Path, asked: dict[str, str], reruns: int) -> pd.DataFrame:
    """p50, p95 and the greatest server time in ms of each page over `reruns` visits, and p95 of its processor time."""
    rows = []
    for name, address in asked.items():
        for _ in range(WARM_UP):
            titles = timed_visit(url, address, log)[1]
            assert titles == ["What do you see?"] or titles[0].startswith(name.partition(",")[0]), titles
        noted = [timed_visit(url, address, log)[0] for _ in range(reruns)]
        ms, processor_ms = (1000 * np.array([line[what] for line in noted]) for what in ("seconds", "processor"))
        p50, p95 = np.percentile(ms, [50, 95])
        rows.append({"page": name, "p50_ms": p50, "p95_ms": p95, "max_ms": ms.max(),
                     "processor_p95_ms": np.percentile(processor_ms, 95), "n": len(ms)})
    return pd.DataFrame(rows)
