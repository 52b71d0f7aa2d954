"""Downloads from a server that breaks off, refuses and lies: what is resumed, what is said, and what stays on disk."""

import shutil
from collections import namedtuple

import pytest
import requests

from pipeline.data.sources.download import Remote, download
from pipeline.data.sources.refusals import Host
from pipeline.errors import DataError, WorkspaceError
from pipeline.progress import Cancelled
from tests.small_archives import exactly, noise, write_zip
from tests.stand_in_server import stand_in

PATH = "/set.zip"
CHUNK = 2**18  # a multiple of what is stored at once
HOST = Host("The server", rejected="Log in.", forbidden="Ask.", missing="Look elsewhere.")


@pytest.fixture
def server():
    with stand_in() as served:
        yield served


@pytest.fixture
def content(tmp_path) -> bytes:
    return write_zip(tmp_path / "source.zip", {"noise": noise(1, (1000, 400)).tobytes()}).read_bytes()


@pytest.fixture
def remote(server, content) -> Remote:
    server.files[PATH] = content
    address = server.address

    def open_(headers):
        return requests.get(address + PATH, headers=headers, stream=True, timeout=5)

    return Remote("set.zip", HOST, open_)


@pytest.fixture
def fetched(remote, tmp_path):
    return lambda *progress, **options: download(remote, tmp_path / "to", *progress, pauses=(0, 0), **options)


def left(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "to").iterdir()) if (tmp_path / "to").exists() else []


def test_a_file_comes_whole_and_its_bytes_are_told(server, fetched, content, tmp_path):
    heard = []
    assert fetched(lambda fraction, sentence: heard.append((fraction, sentence))).read_bytes() == content
    size = f"{len(content) / 1e6:,.1f} MB"
    assert heard[-1] == (1.0, f"set.zip: {size} of {size}.")
    assert [fraction for fraction, _ in heard] == sorted(fraction for fraction, _ in heard) and len(heard) > 3
    assert left(tmp_path) == ["set.zip"]
    fetched()
    assert len(server.seen) == 1  # what is here is not downloaded again


def test_dropped_connections_are_resumed_where_they_broke(server, fetched, content):
    server.drops[PATH] = [CHUNK, 0, 2 * CHUNK]
    heard = []
    assert fetched(lambda fraction, sentence: heard.append(sentence)).read_bytes() == content
    assert server.ranges_of(PATH) == [None, f"bytes={CHUNK}-", f"bytes={CHUNK}-", f"bytes={3 * CHUNK}-"]
    assert "The connection to The server broke off; tries again in 0 s." in heard


def test_an_interrupted_download_goes_on_in_another_process(server, fetched, content, tmp_path):
    def stop(fraction, sentence):
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetched(stop)
    came = (tmp_path / "to" / "set.zip.partial").stat().st_size
    assert left(tmp_path) == ["set.zip.partial", "set.zip.partial.json"] and 0.4 < came / len(content) < 1
    assert fetched().read_bytes() == content
    assert server.ranges_of(PATH) == [None, f"bytes={came}-"]
    assert left(tmp_path) == ["set.zip"]


def test_a_file_that_has_changed_is_begun_anew(server, fetched, content, tmp_path):
    server.drops[PATH] = [CHUNK, 0, 0, 0]
    with pytest.raises(DataError):
        fetched()
    server.drops.clear()
    server.files[PATH] = changed = content[:1000] + bytes(1000) + content[2000:]  # of the same size
    assert fetched().read_bytes() == changed


@pytest.mark.parametrize("lack", ["ranges", "etags"])
def test_without_ranges_or_versions_it_begins_anew(server, fetched, content, lack):
    setattr(server, lack, False)
    server.drops[PATH] = [CHUNK]
    assert fetched().read_bytes() == content
    assert len(server.seen) == 2


def test_a_wrong_range_is_not_used(server, fetched, content):
    server.drops[PATH] = [CHUNK]
    server.wrong_ranges = 1
    assert fetched().read_bytes() == content
    assert server.ranges_of(PATH) == [None, f"bytes={CHUNK}-", None]


def test_a_range_that_ends_too_early_is_completed(server, fetched, content):
    server.drops[PATH] = [CHUNK]
    server.short_ranges = 1
    assert fetched().read_bytes() == content
    assert server.ranges_of(PATH) == [None, f"bytes={CHUNK}-", f"bytes={len(content) - 1000}-"]


def test_a_damaged_note_begins_anew(server, fetched, content, tmp_path):
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "set.zip.partial").write_bytes(b"old")
    (tmp_path / "to" / "set.zip.partial.json").write_text("{")
    assert fetched().read_bytes() == content
    assert server.ranges_of(PATH) == [None]


@pytest.mark.parametrize(
    ("status", "headers", "sentence"),
    [
        (401, {}, "The server rejected the login, or wants one, for set.zip (401). Log in."),
        (403, {}, "The server does not allow the download of set.zip (403). Ask."),
        (404, {}, "The server has no set.zip (404). Look elsewhere."),
        (429, {}, "The server asks for a pause: too many requests (429). Try again in some minutes."),
        (
            429, {"Retry-After": "90"},
            "The server asks for a pause: too many requests (429). Try again in 2 minutes.",
        ),
        (503, {}, "The server has a problem of its own (503). Try again later."),
        (418, {}, "The server gave an answer that LesionLab does not expect (418). Try again later."),
    ],
)
def test_refusals(server, fetched, tmp_path, status, headers, sentence):
    server.refusals[PATH] = (status, headers)
    with pytest.raises(DataError, match=exactly(sentence)):
        fetched()
    assert left(tmp_path) == [] and len(server.seen) == 1


def test_no_network(tmp_path):
    sentence = (
        "The server cannot be reached. Check the connection to the internet, and whether a firewall or proxy blocks "
        "it; then try again."
    )
    with stand_in() as gone:
        address = gone.address
    closed = Remote("set.zip", HOST, lambda headers: requests.get(address, headers=headers, timeout=5))
    with pytest.raises(DataError, match=exactly(sentence)):
        download(closed, tmp_path / "to")


def test_a_server_that_is_silent(tmp_path):
    def silent(headers):
        raise requests.exceptions.ReadTimeout

    sentence = "The server does not answer. Check the connection to the internet, and try again."
    with pytest.raises(DataError, match=exactly(sentence)):
        download(Remote("set.zip", HOST, silent), tmp_path / "to")


def test_a_connection_that_breaks_for_good_keeps_what_came(server, fetched, content, tmp_path):
    server.drops[PATH] = [CHUNK, 0, 0, 0]
    sentence = (
        f"The connection to The server broke off: 0.3 MB of {len(content) / 1e6:.1f} MB of set.zip have come. Start it "
        "again: it goes on from there."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        fetched()
    assert (tmp_path / "to" / "set.zip.partial").stat().st_size == CHUNK


def test_a_size_that_is_too_large(server, fetched, tmp_path):
    server.lies[PATH] = 1000
    sentence = (
        "The server contradicts itself about the size of set.zip. What came is thrown away. Try again later."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        fetched()
    assert left(tmp_path) == [] and len(server.seen) == 6


def test_a_size_that_is_too_small(server, fetched, content, tmp_path):
    server.lies[PATH] = -1000
    sentence = (
        f"set.zip has all of the {len(content) - 1000:,} bytes that The server announced, but is not a whole zip "
        "archive. What came is thrown away. Try again later."
    )
    with pytest.raises(DataError, match=exactly(sentence)):
        fetched()
    assert left(tmp_path) == []


def test_no_space_is_said_before_a_byte_is_stored(server, fetched, content, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**9, 10**9, 150_000_000))
    needed = (1.5 * len(content) + 200 * 2**20) / 1e6
    sentence = (
        f"The disk is too full: the download and its import need {needed:,.1f} MB and 150.0 MB are free. Free some "
        "space, or set LESIONLAB_HOME to a folder on a larger disk."
    )
    with pytest.raises(WorkspaceError, match=exactly(sentence)):
        fetched(also=0.5)
    assert (tmp_path / "to" / "set.zip.partial").stat().st_size == 0


def test_a_disk_that_fills_up_keeps_what_came(fetched, tmp_path):
    def full(fraction, sentence):
        raise OSError(28, "No space left on device")

    with pytest.raises(WorkspaceError, match=r"^The disk is full: .*set\.zip\.partial could not be written\."):
        fetched(full)
    assert (tmp_path / "to" / "set.zip.partial").exists()
