"""A really started server takes requests under its own names and from its own pages alone, whatever they ask for."""

import socket
from itertools import product
from urllib.parse import urlsplit

import pytest
from starlette.datastructures import Headers

from app.hosts import refusal
from tests.e2e.serving import serve

WEBSOCKET = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol": "streamlit"}
# what is asked for, and the status of an answer that Streamlit itself gives
ASKED = {
    "page": ("GET", "/", {}, 200),
    "a page's address": ("GET", "/dataset", {}, 200),
    "health": ("GET", "/_stcore/health", {}, 200),
    "upload": ("PUT", "/_stcore/upload_file/nobody/nothing", {}, 403),  # it lacks Streamlit's own token
    "media": ("GET", "/media/nothing.png", {}, 404),
    "websocket": ("GET", "/_stcore/stream", WEBSOCKET, 101),
}
HOSTS = {"good": "127.0.0.1:{port}", "localhost": "localhost:{port}", "evil": "evil.example:{port}", "absent": None,
         "rebound": "127.0.0.1.evil.example", "other address": "192.168.1.5:{port}"}
ORIGINS = {"same": "http://{host}", "absent": None, "evil": "http://evil.example:{port}", "frame": "null",
           "other port": "http://127.0.0.1:1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    place = tmp_path_factory.mktemp("front")
    with serve(place / "home", place / "log") as running:
        yield running


def answer(url: str, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """Status and text of the server's answer to exactly these headers."""
    port = int(url.rpartition(":")[2])
    closing = {} if "Upgrade" in headers else {"Connection": "close"}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (headers | closing).items()), "", ""]
    with socket.create_connection((urlsplit(url).hostname, port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        said = b""
        while not (said.startswith(b"HTTP/1.1 101") and b"\r\n\r\n" in said) and (more := connection.recv(65536)):
            said += more
    return int(said.split()[1]), said.decode("utf-8", "replace")


def headers_of(url: str, host: str, origin: str) -> dict[str, str]:
    port = url.rpartition(":")[2]
    name = (HOSTS[host] or "").format(port=port)
    site = (ORIGINS[origin] or "").format(port=port, host=name)
    return ({"Host": name} if name else {}) | ({"Origin": site} if ORIGINS[origin] else {})


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(("host", "origin"), [*product(HOSTS, ORIGINS)])
def test_each_door_with_each_name(server, asked, host, origin):
    method, path, more, usual = ASKED[asked]
    status, said = answer(server.url, method, path, headers_of(server.url, host, origin) | more)
    ours = "LesionLab" in said.partition("\r\n\r\n")[2] and asked not in ("page", "a page's address")
    if host in ("good", "localhost") and origin in ("same", "absent"):
        assert status == usual and not ours
    elif host == "absent":
        assert status in (400, 403)  # the server itself may refuse what HTTP does not allow
    else:
        assert status == 403 and "evil" not in said
        assert asked == "websocket" or ours or "LesionLab" in said


def test_a_name_that_was_added_is_taken_and_no_other(tmp_path):
    added = ("--server.allowedHosts", "127.0.0.1", "--server.allowedHosts", "lesionlab.example")
    with serve(tmp_path / "home", tmp_path / "log", options=added) as running:
        for host, origin, status in (("lesionlab.example", "https://lesionlab.example", 200),
                                     ("lesionlab.example:443", "https://lesionlab.example", 200),
                                     ("evil.example", "http://evil.example", 403)):
            assert answer(running.url, "GET", "/_stcore/health", {"Host": host, "Origin": origin})[0] == status


@pytest.mark.parametrize("headers", [
    [("host", "127.0.0.1"), ("host", "evil.example")],
    [("host", "127.0.0.1"), ("origin", "http://127.0.0.1"), ("origin", "http://evil.example")],
    [("host", "127.0.0.1"), ("origin", "http://[")], [("host", "127.0.0.1"), ("origin", "")],
    [("host", "127.0.0.1"), ("origin", "file://127.0.0.1")], [("host", "127.0.0.1@evil.example")],
    [("host", "127.0.0.1"), ("origin", "http://127.0.0.1@evil.example")], [("host", "127.0.0.1/evil.example")],
])
def test_two_names_and_broken_ones_are_refused(headers):
    assert refusal(Headers(raw=[(name.encode(), value.encode()) for name, value in headers]))


@pytest.mark.parametrize("allowed", [[], None])
def test_without_known_names_nobody_gets_in(monkeypatch, allowed):
    monkeypatch.setattr("app.hosts.config.get_option", lambda name: allowed)
    assert refusal(Headers({"host": "127.0.0.1"}))
