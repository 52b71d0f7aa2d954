"""A server that a class may reach: how it is started, and what a stranger at another address gets out of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from app import passphrase, shared_server
from app.passphrase import HASH_VARIABLE, VARIABLE
from app.server_mode import VARIABLE as MODE_VARIABLE
from app.server_mode import Mode
from pipeline.errors import ConfigError
from tests.app.test_hosts import answer
from tests.e2e.serving import ROOT, serve
from tests.visit import PAGES, visit

ADDRESS = "127.0.0.2"  # of loopback, and not what the operator's own start answers at
SECRET = "canary-4d1c"


def test_only_addresses_of_local_networks_are_found():
    found = ["127.0.0.1", "169.254.3.4", "8.8.8.8", "192.168.1.5", "10.0.0.7"]
    assert shared_server.local_addresses(found) == ["192.168.1.5", "10.0.0.7"]
    assert shared_server.class_address(found) == "192.168.1.5"
    with pytest.raises(ConfigError, match="no address in a local network"):
        shared_server.class_address(["127.0.0.1", "8.8.8.8"])


def test_a_class_gets_the_address_and_the_operator_the_passphrase():
    start = shared_server.plan(Mode.CLASS, "192.168.1.5", 8501, {"PATH": "/bin"}, on_a_terminal=True)
    made_up = start.words.split("/operator: ")[1].split(" (shown this once)")[0]
    passphrase.keep(start.environment[HASH_VARIABLE])
    assert passphrase._is_right(made_up)
    passphrase.keep("")
    assert made_up not in " ".join([*start.command, *start.environment.values()])
    assert start.environment[MODE_VARIABLE] == "class" and start.environment["PATH"] == "/bin"
    assert "http://192.168.1.5:8501" in start.words and "▄" in start.words
    named = zip(start.command, start.command[1:], strict=False)
    hosts = [host for option, host in named if option == "--server.allowedHosts"]
    assert hosts == ["192.168.1.5", "localhost", "127.0.0.1"]
    assert start.command[start.command.index("--server.address") + 1] == "192.168.1.5"


def test_a_passphrase_of_ones_own_is_not_said_and_one_by_chance_goes_into_no_file():
    given = {VARIABLE: "correct horse battery"}
    start = shared_server.plan(Mode.STAND, "127.0.0.1", 8501, given, on_a_terminal=False)
    assert VARIABLE not in start.environment and "correct horse" not in start.words
    with pytest.raises(ConfigError, match="shown in a terminal alone"):
        shared_server.plan(Mode.CLASS, "192.168.1.5", 8501, {}, on_a_terminal=False)


def test_without_a_terminal_it_says_so_and_ends():
    ended = subprocess.run([sys.executable, "-m", "app.shared_server", "stand"], cwd=ROOT, capture_output=True,
                           text=True, check=False, timeout=300)
    assert ended.returncode == 1 and ended.stdout == ""
    assert ended.stderr.strip().endswith(f"Start it in a terminal, or set ${VARIABLE}.")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A class's server with secrets about it, its workspace's owner, and where they lie."""
    place = tmp_path_factory.mktemp("class")
    kaggle = place / "user" / ".kaggle"
    kaggle.mkdir(parents=True)
    (kaggle / "kaggle.json").write_text(f'{{"username": "someone", "key": "{SECRET}"}}')
    start = shared_server.plan(Mode.CLASS, ADDRESS, 8501, {VARIABLE: f"{SECRET} passphrase"}, on_a_terminal=True)
    told = {name: start.environment[name] for name in (MODE_VARIABLE, HASH_VARIABLE)}
    options = tuple(start.command[start.command.index("--server.address"):])
    options = tuple(part for name, value in zip(options[::2], options[1::2], strict=True)
                    if name != "--server.port" for part in (name, value))
    environment = told | {"HOME": str(place / "user"), "KAGGLE_CONFIG_DIR": str(kaggle), "MY_SECRET": SECRET}
    with serve(place / "home", place / "log", options=options, host=ADDRESS, environment=environment) as running:
        yield running, place, told[HASH_VARIABLE]


def names_of_the_server(place: Path, hashed: str) -> list[str]:
    """What no stranger is to read: secrets, the hash, and the folders of workspace, code, interpreter and owner."""
    return [SECRET, hashed, hashed.partition("$")[2], str(place), str(ROOT), sys.prefix, sys.executable, "MY_SECRET",
            "Traceback", "kaggle.json", 'File "']


def test_no_page_tells_a_stranger_of_the_server(shared):
    running, place, hashed = shared
    for page in (*PAGES, "operator"):
        said = " ".join(str(message) for message in visit(running.url, page))
        assert len(said) > 500 and [name for name in names_of_the_server(place, hashed) if name in said] == [], page
        assert "file_uploader" not in said or page == "classify", page
        assert "download_button" not in said, page
    assert "Whoever runs the server gives its passphrase" in said or "Passphrase" in said
    assert SECRET not in (place / "log").read_text()


@pytest.mark.parametrize("path", [
    "/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/openapi.json", "/_stcore/agent/interact",
    "/app/static/../main.py", "/app/static/%2e%2e/main.py", "/media/..%2f..%2fetc%2fpasswd", "/.streamlit/config.toml",
    "/static/../../../../../etc/passwd", "/component/x/../../../../etc/passwd", "/_stcore/host-config",
])
def test_nor_does_any_door_beside_the_pages(shared, path):
    running, place, hashed = shared
    port = running.url.rpartition(":")[2]
    status, said = answer(running.url, "GET", path, {"Host": f"{ADDRESS}:{port}"})
    assert [name for name in names_of_the_server(place, hashed) if name in said] == []
    assert "root:" not in said and "allowedHosts" not in said and "st.App(" not in said
    if path.startswith(("/_stcore/metrics", "/_stcore/script", "/_stcore/agent")):
        assert status == 404


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Remote-User": "operator"}])
def test_nobody_is_its_operator_by_what_a_browser_says(shared, headers):
    said = " ".join(str(message) for message in visit(shared[0].url, "train", **headers))
    assert "Training: only for the person who runs the server. Whoever runs the server gives its passphrase" in said


def test_it_answers_at_its_own_address_alone(shared):
    port = int(shared[0].url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        answer(f"http://127.0.0.1:{port}", "GET", "/", {"Host": f"127.0.0.1:{port}"})
    assert answer(shared[0].url, "GET", "/", {"Host": f"evil.example:{port}"})[0] == 403
