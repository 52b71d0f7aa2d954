"""What a server or a login's file may claim is neither believed nor quoted: sizes, pauses, redirects, keys."""

import json
import subprocess
import sys

import pytest
import requests

from pipeline.data.sources import download as downloads
from pipeline.data.sources.catalogue import STARTER
from pipeline.data.sources.credentials import find_credentials, keep_kaggle_json, keep_key, keep_token
from pipeline.data.sources.download import Remote, download
from pipeline.data.sources.partial import Partial
from pipeline.data.sources.refusals import Host
from pipeline.data.sources.requests_out import get, may_follow
from pipeline.errors import DataError, JobError, WeightsError
from pipeline.jobs.fetching import queue_fetch
from pipeline.jobs.job_worker import work
from pipeline.jobs.short_work import ShortWork
from pipeline.jobs.tasks import ExportRequest
from pipeline.limits import MOST_LOGIN_BYTES, MOST_LOGIN_CHARACTERS
from tests.stand_in_server import stand_in
from tests.waiting import steps_of

HOST = Host("The server", rejected="Log in.", forbidden="Ask.", missing="Look elsewhere.")
SECRET = "SECRET-0123456789"


@pytest.fixture
def server():
    with stand_in() as served:
        yield served


def remote(server, name: str = "set.csv") -> Remote:
    return Remote(name, HOST, lambda headers: get(HOST, f"{server.address}/{name}", headers))


@pytest.mark.parametrize(("start", "target", "elsewhere"), [
    ("https://a.example/x", "https://a.example/y", False), ("http://a.example/x", "https://a.example/y", False),
    ("https://a.example/x", "https://b.example/y", True), ("http://localhost:7777/", "http://127.0.0.1:9/", True),
    ("http://127.0.0.1:7/x", "http://127.0.0.1:7/y", False),
])
def test_these_redirects_are_followed(start, target, elsewhere):
    assert may_follow(start, target, elsewhere=elsewhere)


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("target", [
    "file:///etc/passwd", "ftp://a.example/x", "http://a.example/x", "https://127.0.0.1/x", "https://localhost/x",
    "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/x", "https://[::1]/x", "https://[::ffff:10.0.0.1]/x",
    "https://intranet/x", "https://printer.local/x", "https://a.example:22/x", "https://", "https://[/x",
    "https://a.example:b/x", "gopher://a.example/x", "//x", "data:text/plain,x",
])
def test_these_are_not(target, elsewhere):
    assert not may_follow("https://a.example/x", target, elsewhere=elsewhere)


@pytest.mark.parametrize("target", ["file:///etc/passwd", f"http://127.0.0.1:9/{SECRET}", "http://localhost:1/x",
                                    "http://evil.example/x", "http://["])
def test_a_download_that_is_sent_elsewhere_ends_in_words(server, tmp_path, target):
    server.refusals["/set.csv"] = (302, {"Location": target})
    with pytest.raises(DataError, match=r"^The server (sends this request to another|cannot be reached)") as error:
        download(remote(server), tmp_path, pauses=())
    assert SECRET not in str(error.value) and "passwd" not in str(error.value) and list(tmp_path.iterdir()) == []


def test_a_redirect_on_the_same_server_is_followed(server, tmp_path):
    server.refusals["/set.csv"] = (302, {"Location": "/moved.csv"})
    server.files["/moved.csv"] = b"a,b\n"
    assert download(remote(server), tmp_path).read_bytes() == b"a,b\n"


@pytest.mark.parametrize("pause", ["9" * 5000, "²", "-1", "86401", "1e9", SECRET])
def test_a_pause_that_no_server_means_is_not_quoted(server, tmp_path, pause):
    server.refusals["/set.csv"] = (429, {"Retry-After": pause.encode("utf-8").decode("latin-1")})
    with pytest.raises(DataError, match=r"too many requests \(429\)\. Try again in some minutes\.$"):
        download(remote(server), tmp_path, pauses=())


class Answer(requests.Response):
    """An answer with these headers, whose body is 64 kB blocks as long as somebody reads."""

    def __init__(self, status: int = 200, **headers: str):
        super().__init__()
        self.status_code, self.read = status, 0
        self.headers.update({name.replace("_", "-"): value for name, value in headers.items()})

    def iter_content(self, chunk_size=1, decode_unicode=False):
        while True:
            self.read += chunk_size
            yield bytes(chunk_size)

    def close(self):
        pass


@pytest.mark.parametrize("length", [None, "9" * 5000, "²", "-5", "many", "0x10"])
def test_a_body_without_end_is_cut_off(tmp_path, length):
    answer = Answer(**({"Content_Length": length} if length else {}))
    endless = Remote("set.csv", HOST, lambda headers: answer, most=2**20)
    with pytest.raises(DataError, match=r"^The server sends more for set\.csv than it can have: over 1\.0 MB\."):
        download(endless, tmp_path, pauses=())
    assert answer.read <= 2**20 + 2**16 and list(tmp_path.iterdir()) == []


def test_a_size_that_it_cannot_have_is_refused_before_a_byte_comes(tmp_path):
    answer = Answer(Content_Length="999999999999999")
    with pytest.raises(DataError, match="than it can have") as error:
        download(Remote("set.csv", HOST, lambda headers: answer), tmp_path, pauses=())
    assert answer.read == 0 and "999999" not in str(error.value)


@pytest.mark.parametrize("told", ["bytes ²-3/4", f"bytes 1-{'9' * 5000}/{'9' * 5000}", "bytes 1-2/*", SECRET])
def test_a_range_that_is_none_begins_anew(tmp_path, monkeypatch, told):
    part = Partial(tmp_path, "set.csv")
    part.begin('"one"', 4)
    part.path.write_bytes(b"a")
    monkeypatch.setattr(downloads.time, "sleep", lambda seconds: None)
    with pytest.raises(DataError) as error:
        download(Remote("set.csv", HOST, lambda headers: Answer(206, Content_Range=told)), tmp_path, pauses=())
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("note", ["[]", "1", '{"total": "4"}', '{"total": true, "validator": "x"}', '{"total": -1}',
                                  '{"validator": 5}', "null"])
def test_a_note_of_a_part_that_is_none_says_nothing(tmp_path, note):
    (tmp_path / "set.csv.partial").write_bytes(b"ab")
    (tmp_path / "set.csv.partial.json").write_text(note)
    part = Partial(tmp_path, "set.csv")
    assert part.total is None and part.range_headers() == {}


def login(**fields) -> bytes:
    return json.dumps({"username": "someone", "key": SECRET, **fields}).encode()


BROKEN = {
    "of 50 MB": login(more="x" * 50_000_000),
    "a little too large": login(more="x" * MOST_LOGIN_BYTES),
    "of 500,000 levels": b"[" * 500_000,
    "of 30,000 levels": b'{"username":' * 5_000 + b"1",
    "with a number of 10,000 digits": b'{"username": "a", "key": ' + b"9" * 10_000 + b"}",
    "with a list": login(key=[SECRET]), "with null": login(username=None), "with two words": login(key=f"{SECRET} x"),
    "with a line break": login(key=f"{SECRET}\nX-Evil: 1"), "with half a character": login(key=f"{SECRET}\ud800"),
    "with what no header carries": login(key=f"{SECRET}é"), "with a NUL": login(username="a\0b"),
    "with a long key": login(key="x" * (MOST_LOGIN_CHARACTERS + 1)),
    "empty": b"", "a list": b"[1]", "no JSON": SECRET.encode(), "no text": b"\xff\xfe\x00", "a string": b'"x"',
}


@pytest.fixture
def folder(tmp_path, monkeypatch, workspace):
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "kaggle"))
    (tmp_path / "kaggle").mkdir()
    return tmp_path / "kaggle"


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_kaggle_json_is_refused_uploaded_or_lying_there(folder, content):
    with pytest.raises(DataError, match="is no kaggle.json") as uploaded:
        keep_kaggle_json(content)
    assert list(folder.iterdir()) == []
    (folder / "kaggle.json").write_bytes(content)
    with pytest.raises(DataError, match=r"kaggle\.json (is no kaggle\.json|is too large|cannot be read)") as lying:
        find_credentials()
    for error in (uploaded.value, lying.value):
        assert SECRET not in str(error) and "Evil" not in str(error) and error.__cause__ is None


@pytest.mark.parametrize("token", ["", "two words", "a\nb", "é", "\ud800", "x" * (MOST_LOGIN_CHARACTERS + 1)])
def test_what_is_no_token_or_key_is_refused(folder, token):
    with pytest.raises(DataError, match="That is no access token"):
        keep_token(token)
    with pytest.raises(DataError, match="A user name and a key are needed"):
        keep_key("someone", token)
    assert list(folder.iterdir()) == []


def test_a_token_file_without_end_is_not_read_to_its_end(folder):
    (folder / "access_token").write_bytes(SECRET.encode() * 10_000)
    with pytest.raises(DataError, match="access_token is too large for a login") as error:
        find_credentials()
    assert SECRET not in str(error.value)


def test_what_a_child_writes_is_not_quoted(workspace, monkeypatch):
    """A library may write there what a file holds."""
    heard = []
    program = f"import sys; print('{SECRET}', file=sys.stderr); sys.exit(3)"
    start = subprocess.Popen

    def child(workspace, arguments, stdout, stderr, **more):
        return start([sys.executable, "-c", program], stdout=stdout, stderr=stderr)

    monkeypatch.setattr("pipeline.jobs.launch.start_pipeline", child)
    with pytest.raises(JobError, match=r"^The file could not be made: its process ended with code 3\. Try it again\.$"):
        work = ShortWork(workspace, "export", ExportRequest("x", "card", "out.md"))
        heard += steps_of(work)
        work.result()
    assert set(heard) == {(0.0, "Starts.")}


def test_what_an_unforeseen_error_says_is_not_quoted(workspace, monkeypatch):
    def broken(*arguments):
        raise RuntimeError(SECRET)

    monkeypatch.setattr("pipeline.data.sources.fetch.fetch", broken)
    status = work(queue_fetch(workspace, STARTER, "some"), workspace)
    assert status.error.startswith("An unexpected error ended it: RuntimeError. The details are in ")
    assert SECRET not in status.error


def test_what_the_way_to_weights_said_is_not_quoted(monkeypatch):
    from torchvision.models import ResNet18_Weights

    from pipeline.configuration.network_registry import NETWORKS
    from pipeline.networks.architectures import torchvision_state

    def broken(self, **more):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(ResNet18_Weights, "get_state_dict", broken)
    with pytest.raises(WeightsError, match="could not be downloaded") as error:
        torchvision_state(NETWORKS["resnet18"])
    assert SECRET not in str(error.value)


def test_each_source_has_a_bound_of_its_own(folder):
    from pipeline.data.sources.catalogue import SOURCES
    from pipeline.data.sources.fetch import _remotes

    (folder / "access_token").write_text("token")
    for source in SOURCES.values():
        if source.by_image:  # each of its images has one: MOST_IMAGE_BYTES
            continue
        assert all(source.size < one.most < 4 * source.size + 1e9 for one in _remotes(source))
