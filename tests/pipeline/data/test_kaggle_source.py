"""HAM10000 from Kaggle, with a local server in Kaggle's place: every failure in words, and the key kept to itself.

Kaggle's client looks for its TEST environment at http://localhost:7777; where that port is taken, this file is skipped.
"""

import json
import logging
import os
import shutil
import stat
import subprocess
import sys
from base64 import b64encode
from collections import namedtuple
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.data.dataset import list_datasets
from pipeline.data.sources.catalogue import SOURCES
from pipeline.data.sources.credentials import find_credentials, keep_kaggle_json, keep_key, keep_token
from pipeline.data.sources.fetch import download_folder, fetch
from pipeline.errors import DataError, WorkspaceError
from pipeline.jobs.fetching import list_fetches
from tests.small_archives import exactly, files_of, rows, write_zip
from tests.stand_in_server import KAGGLE_CALL, SIGNATURE, SIGNED, stand_in

PROJECT = Path(__file__).resolve().parents[3]
SOURCE = SOURCES["kaggle-ham10000"]
TOKEN, KEY = "KGAT_0123456789SECRET", "abcdef0123456789SECRET"
BASIC = "Basic " + b64encode(f"someone:{KEY}".encode()).decode()
PORT = 7777


@pytest.fixture(scope="module")
def port_server():
    try:
        with stand_in(PORT) as served:
            yield served
    except OSError as error:
        pytest.skip(f"port {PORT}, where Kaggle's client looks for its test server, is taken: {error.strerror}")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """The folder of a user without any login."""
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "TEST")
    (tmp_path / "user" / ".kaggle").mkdir(parents=True)
    return tmp_path / "user"


@pytest.fixture
def kaggle(port_server, home, tmp_path):
    """Kaggle serves an archive with every image twice, and knows one token and one key."""
    once = files_of(rows(), "HAM10000_images_part_1/", size=(320, 240))
    twice = {path.replace("HAM10000_images", "ham10000_images"): content for path, content in once.items()}
    archive = write_zip(tmp_path / "kaggle.zip", once | twice | {"hmnist_28_28_L.csv": b"pixel0000,label\n1,2\n"})
    port_server.files = {SIGNED: archive.read_bytes()}
    port_server.logins = {f"Bearer {TOKEN}", BASIC}
    port_server.refusals, port_server.drops, port_server.lies, port_server.seen = {}, {}, {}, []
    return port_server


@pytest.fixture
def login(monkeypatch, home):
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)


def secrets_in(folder: Path) -> list[str]:
    secrets = [secret.encode() for secret in (TOKEN, KEY, SIGNATURE, BASIC)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(secret in path.read_bytes() for secret in secrets)]


def test_the_archive_with_every_image_twice(kaggle, login, workspace):
    heard = []
    dataset = fetch(workspace, SOURCE, "ham10000", lambda fraction, sentence: heard.append((fraction, sentence)))
    assert (dataset.images, dataset.lesions, dataset.problems) == (24, 12, [])
    assert dataset.licence == "CC BY-NC-SA 4.0, as Kaggle lists this copy"
    fractions = [fraction for fraction, _ in heard if fraction is not None]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert heard[0][1].startswith("skin-cancer-mnist-ham10000.zip: 0.1 MB of ")
    assert not download_folder(workspace, SOURCE).exists() and secrets_in(workspace.home) == []


def test_a_name_and_key_are_a_login_too(kaggle, home, workspace):
    keep_key("someone", KEY)
    assert fetch(workspace, SOURCE, "ham10000").images == 24


def test_a_broken_connection_is_resumed_at_a_new_signed_address(kaggle, login, workspace, monkeypatch):
    kaggle.drops[SIGNED] = [0, 2**18]  # the first request is the redirect that Kaggle's client follows by itself
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert fetch(workspace, SOURCE, "ham10000").images == 24
    assert f"bytes={2**18}-" in kaggle.ranges_of(SIGNED)
    assert [method for method, _, _ in kaggle.seen].count("POST") == 2


NEW = ("on kaggle.com under Settings, API, and give it on the page Data sets, under Get more, or put it where Kaggle's "
       "own tools look.")
WHAT = "kmader/skin-cancer-mnist-ham10000"
FORBIDDEN = (
    "Open kaggle.com/datasets/kmader/skin-cancer-mnist-ham10000 with your account, accept what it asks, or make a new "
    "token."
)


@pytest.mark.parametrize(
    ("path", "status", "headers", "sentence"),
    [
        (KAGGLE_CALL, 401, {}, f"Kaggle rejected the login, or wants one, for {WHAT} (401). Make a new token {NEW}"),
        (KAGGLE_CALL, 403, {}, f"Kaggle does not allow the download of {WHAT} (403). {FORBIDDEN}"),
        (
            KAGGLE_CALL, 404, {},
            f"Kaggle has no {WHAT} (404). It may have been moved: search kaggle.com for HAM10000, download it there "
            "and import the zip.",
        ),
        (
            KAGGLE_CALL, 429, {"Retry-After": "30"},
            "Kaggle asks for a pause: too many requests (429). Try again in a minute.",
        ),
        (KAGGLE_CALL, 502, {}, "Kaggle has a problem of its own (502). Try again later."),
        (KAGGLE_CALL, 200, {}, "Kaggle did not say where the archive lies. Try again later."),
        (
            KAGGLE_CALL, 200, {"Content-Type": "application/json"},
            "Kaggle gave an answer that LesionLab does not understand. Try again later.",
        ),
        (SIGNED, 403, {}, f"Kaggle does not allow the download of {WHAT} (403). {FORBIDDEN}"),
    ],
)
def test_refusals(kaggle, login, workspace, caplog, path, status, headers, sentence):
    caplog.set_level(logging.DEBUG)
    kaggle.refusals[path] = (status, headers)
    with pytest.raises(DataError, match=exactly(sentence)) as caught:
        fetch(workspace, SOURCE, "ham10000")
    assert list_datasets(workspace) == [] and secrets_in(workspace.home) == []
    assert TOKEN not in repr(caught.value) and TOKEN not in caplog.text and caught.value.__cause__ is None


def test_a_failure_that_kaggle_names_in_the_body(kaggle, login, workspace, monkeypatch):
    monkeypatch.setattr("tests.stand_in_server._Handler._refuse", _body_names_403)
    kaggle.refusals[KAGGLE_CALL] = (200, {"Content-Type": "application/json"})
    with pytest.raises(DataError, match=exactly(f"Kaggle does not allow the download of {WHAT} (403). {FORBIDDEN}")):
        fetch(workspace, SOURCE, "ham10000")


def _body_names_403(handler, status, headers, body=b""):
    body = json.dumps({"code": 403, "message": f"no, {TOKEN}"}).encode()
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def test_rejected_credentials(kaggle, workspace, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_expired")
    sentence = f"Kaggle rejected the login, or wants one, for {WHAT} (401). Make a new token {NEW}"
    with pytest.raises(DataError, match=exactly(sentence)):
        fetch(workspace, SOURCE, "ham10000")


def test_no_credentials(kaggle, workspace):
    with pytest.raises(DataError, match=exactly(f"There are no Kaggle credentials here. Make a token {NEW}")):
        fetch(workspace, SOURCE, "ham10000")
    assert kaggle.seen == []


def test_no_network(login, workspace, monkeypatch):
    from kagglesdk.kaggle_env import KaggleEnv, _env_to_endpoint

    monkeypatch.setitem(_env_to_endpoint, KaggleEnv.TEST, "http://127.0.0.1:9")
    sentence = (
        "Kaggle cannot be reached. Check the connection to the internet, and whether a firewall or proxy blocks it; "
        "then try again."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        fetch(workspace, SOURCE, "ham10000")


def test_no_disk_space(kaggle, login, workspace, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**9, 10**9, 7_000_000))
    needed = (1.5 * len(kaggle.files[SIGNED]) + 200 * 2**20) / 1e6
    sentence = (
        f"The disk is too full: the download and its import need {needed:,.1f} MB and 7.0 MB are free. Free some "
        "space, or set LESIONLAB_HOME to a folder on a larger disk."
    )
    with pytest.raises(WorkspaceError, match=exactly(sentence)):
        fetch(workspace, SOURCE, "ham10000")


def test_the_command_keeps_the_key_out_of_everything(kaggle, home, workspace, tmp_path):
    keep_token(TOKEN)
    environment = {**os.environ, "LESIONLAB_HOME": str(workspace.home), "VERBOSE": "true"}
    command = [sys.executable, "-m", "pipeline", "data", "fetch", SOURCE.id, "--json"]
    kaggle.refusals[KAGGLE_CALL] = (403, {})
    options = {"cwd": PROJECT, "env": environment, "capture_output": True, "text": True, "timeout": 60, "check": False}
    refused = subprocess.run(command, **options)
    assert refused.returncode == 1 and json.loads(refused.stdout)["error"].endswith(FORBIDDEN)
    kaggle.refusals.clear()
    done = subprocess.run(command, **options)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["images"] == 24
    said = refused.stdout + refused.stderr + done.stdout + done.stderr
    assert TOKEN not in said and SIGNATURE not in said and secrets_in(workspace.home) == []
    assert [f.status().state for f in list_fetches(workspace)] == ["done"]


def test_where_a_login_is_looked_for(home, monkeypatch):
    assert find_credentials() is None
    keep_kaggle_json(json.dumps({"username": "someone", "key": KEY}).encode())
    found = find_credentials()
    assert (found.place, found.username, found.key) == (f"the file {home}/.kaggle/kaggle.json", "someone", KEY)
    assert KEY not in repr(found) and "someone" not in repr(found)
    monkeypatch.setenv("KAGGLE_USERNAME", "other")
    monkeypatch.setenv("KAGGLE_KEY", KEY)
    assert find_credentials().place == "the environment variables KAGGLE_USERNAME and KAGGLE_KEY"
    path = keep_token(TOKEN)
    assert path == home / ".kaggle" / "access_token" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert find_credentials().place == f"the file {path}" and find_credentials().token == TOKEN
    monkeypatch.setenv("KAGGLE_API_TOKEN", str(path))
    assert find_credentials().token == TOKEN
    monkeypatch.setenv("KAGGLE_API_TOKEN", "x" * 5000)
    assert find_credentials().place == "the environment variable KAGGLE_API_TOKEN"
    assert "x" * 10 not in repr(find_credentials())


def test_kaggles_own_folder_can_be_elsewhere_but_not_in_the_workspace(home, workspace, monkeypatch, tmp_path):
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "elsewhere"))
    assert keep_token(TOKEN) == tmp_path / "elsewhere" / "access_token"
    assert find_credentials().token == TOKEN
    inside = workspace.home / "kaggle"
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(inside))
    sentence = (
        f"The Kaggle folder {inside} lies in the workspace, where others may read it. Set KAGGLE_CONFIG_DIR to a "
        "folder elsewhere."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        keep_token(TOKEN)
    assert secrets_in(workspace.home) == []


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{", b'{"username": "a"}', b'{"username": 1, "key": 2}'])
def test_what_is_no_kaggle_json(home, content):
    sentence = (
        "The file is no kaggle.json: it must hold a username and a key. Make a new one on kaggle.com under Settings, "
        "API, and choose that file."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        keep_kaggle_json(content)
    (home / ".kaggle" / "kaggle.json").write_bytes(content)
    with pytest.raises(DataError, match=r"^/.+/\.kaggle/kaggle\.json (is no kaggle\.json: it must|cannot be read)"):
        find_credentials()


def test_a_login_of_several_words_is_refused(home):
    sentence = "That is no access token: it must be one word. Copy it from kaggle.com, Settings, API."
    for token in ("", "two words"):
        with pytest.raises(DataError, match=exactly(sentence)):
            keep_token(token)
    sentence = "A user name and a key are needed, each of one word. Copy them from your kaggle.json."
    with pytest.raises(DataError, match=exactly(sentence)):
        keep_key("someone", "")


def test_the_failed_command_without_a_login(home, workspace, capfd):
    assert main(["data", "fetch", "kaggle-ham10000"]) == 1
    said = capfd.readouterr().err
    assert "CC BY-NC-SA 4.0, as Kaggle lists this copy" in said and "There are no Kaggle credentials here." in said
    assert list_fetches(workspace)[0].status().error.startswith("There are no Kaggle credentials here.")
