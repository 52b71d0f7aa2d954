"""Who may do what on a really started server: by the address that it was given, and by the headers of each browser."""

import pytest

from tests.e2e.serving import serve
from tests.visit import visit

FETCH, BY_PATH = "Fetch the starter set", "on the computer that runs LesionLab"


def drawn(url: str, page: str, **headers: str) -> str:
    """All that the server sends of a page, as text."""
    return " ".join(str(message) for message in visit(url, page, **headers))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    place = tmp_path_factory.mktemp("who")
    with serve(place / "home", place / "log") as running:
        yield running


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_its_own_computer_is_offered_everything(server, name):
    said = drawn(server.url.replace("127.0.0.1", name), "dataset")
    assert FETCH in said and BY_PATH in said and "only for the person who runs the server" not in said


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP",
                                    "True-Client-IP"])
def test_what_comes_through_a_proxy_is_not(server, header):
    said = drawn(server.url, "dataset", **{header: "127.0.0.1"})
    assert FETCH not in said and BY_PATH not in said and "kaggle.token" not in said
    assert "only for the person who runs the server. This page came through a proxy" in said


def test_nobody_is_where_the_server_answers_other_computers(tmp_path):
    with serve(tmp_path / "home", tmp_path / "log", options=("--server.address", "0.0.0.0")) as running:
        said = drawn(running.url, "dataset")
        log = (tmp_path / "log").read_text()
    assert FETCH not in said and BY_PATH not in said and "This server answers other computers too" in said
    assert "External URL" not in log  # Streamlit would ask a server on the internet for it
