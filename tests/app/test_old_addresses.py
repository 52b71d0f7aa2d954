"""Addresses of earlier versions lead to where their page stands now, with all that they said."""

from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest

from app.addresses.links import EVALUATION, GET_DATA, LEAKAGE, RATES, Door
from app.old_addresses import MOVED, new_address
from tests.app_pages import open_page, place_of, words
from tests.e2e.serving import serve
from tests.hand_made import make_run

SAYS = "run=a%2Cb&page=2&truth=mel%252Cx&empty=&tab=elsewhere"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    place = tmp_path_factory.mktemp("old-addresses")
    with serve(place / "home", place / "log") as running:
        yield running


@pytest.mark.parametrize("old", MOVED)
def test_a_browser_is_sent_on_with_all_that_the_address_said(server, old):
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    connection.request("GET", f"/{old}?{SAYS}")
    answer = connection.getresponse()
    assert answer.status == 307
    page, _, query = answer.headers["Location"].partition("?")
    said, must = parse_qs(query, keep_blank_values=True), parse_qs(MOVED[old].query)
    assert page == MOVED[old].page
    assert said["run"] == ["a,b"] and said["truth"] == ["mel%2Cx"] and said["empty"] == [""] and said["page"] == ["2"]
    assert all(said[name][-1] == value for name, (value,) in must.items())  # the last of a name counts
    answer.read()
    connection.request("GET", f"/{page}?{query}")
    assert connection.getresponse().status == 200


@pytest.mark.parametrize(("path", "query", "base", "new"), [
    ("/leakage", "", "", "judge?tab=leakage"), ("/leakage/", "data=x", "", "../judge?data=x&tab=leakage"),
    ("/evaluation", "", "", "judge"), ("/lab/get-data", "", "lab", "dataset?view=get"),
    ("/lab/get-data", "", "", None), ("/get-data", "", "lab", None), ("/static/leakage", "", "", None),
    ("/leakage/_stcore/health", "", "", None), ("/", "", "", None), ("/judge", "tab=leakage", "", None),
    ("//evil.example/leakage", "", "", None), ("/explore", "", "", "errors?part=all&right=all"),
    ("/explore", "run=a&right=no", "", "errors?part=all&right=all&run=a&right=no"),  # the last of a name counts
])
def test_only_an_old_page_s_own_address_is_sent_on(path, query, base, new):
    assert new_address(path, query, base) == new


@pytest.mark.parametrize(("old", "door"), [("evaluation", EVALUATION), ("leakage", LEAKAGE), ("get_data", GET_DATA),
                                           ("rates", RATES)])
def test_links_of_the_app_lead_to_the_same_places(old, door):
    assert place_of(old) == (door if isinstance(door, Door) else Door(door, {}))


def test_each_opens_the_view_that_it_opened_before(dataset, workspace):
    run = make_run(workspace, dataset)
    seen = {}
    for old, says in {"evaluation": {"run": run.name, "topic": "calibration"},
                      "leakage": {"data": dataset.name, "topic": "pairs"}, "get_data": {}, "rates": {}}.items():
        at = open_page(old, **says)
        assert not at.warning and not at.error
        seen[old] = (at.title[0].value, words(at), {radio.key: radio.value for radio in at.radio})
    assert seen["evaluation"][0] == seen["leakage"][0] == "Judge"
    assert seen["evaluation"][2]["radio.topic"] == "calibration" and seen["leakage"][2]["radio.topic"] == "pairs"
    assert seen["get_data"][0] == "Data sets" and "Only what is fetched with a button" in seen["get_data"][1]
    assert seen["rates"][0] == "Train" and "trained on one batch after the other while the rate grows" in seen[
        "rates"][1]
