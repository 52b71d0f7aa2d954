"""Who is what to the server: its operator at its own computer or by the passphrase, a stand's or any other visitor."""

import json
import re
import socket

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from app import access, activity, connection, passphrase
from app.access import Right, Role
from app.addresses import visits
from pipeline.errors import AccessError, ConfigError
from tests.app.test_every_action import right_of
from tests.app_pages import OPERATOR, VISITOR, open_page, words

WORDS = "a passphrase for tests"


@pytest.fixture
def shared(monkeypatch):
    """Starts the server in a mode, with the passphrase WORDS; afterwards it has none."""
    def start(mode: str) -> None:
        monkeypatch.setenv("LESIONLAB_MODE", mode)
        passphrase.keep(passphrase.hash_of(WORDS))

    yield start
    passphrase.keep("")


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "127.0.0.1", "127.8.9.1", "::1", "[::1]",
                                  "::ffff:127.0.0.1"])
def test_these_mean_this_computer_alone(host):
    assert connection.loopback(host)


@pytest.mark.parametrize("host", [None, "", "0.0.0.0", "::", "192.168.1.5", "128.0.0.1", "127.0.0.1.evil.example",
                                  "localhost.evil.example", "evil.example", "::ffff:192.168.1.5", "2130706433"])
def test_these_do_not(host):
    assert not connection.loopback(host)


@pytest.mark.parametrize("header", [
    "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via", "CF-Connecting-IP",
    "True-Client-IP", "X-Client-IP", "Fly-Client-IP", "X-Envoy-External-Address",
])
def test_a_request_that_was_handed_on_is_not_the_operators(monkeypatch, header):
    monkeypatch.setattr(access, "request_headers", lambda: OPERATOR | {header: "127.0.0.1"})
    assert "through a proxy" in access.why_not() and not access.may(Right.DELETE)


@pytest.mark.parametrize("headers", [{}, {"Host": ""}, {"Host": "lesionlab.example"}, {"Host": "192.168.1.5:8501"},
                                     {"Host": "[::1"}, {"Host": "127.0.0.1.evil.example"}])
def test_nor_is_one_by_another_name_or_of_a_browser_that_has_left(monkeypatch, headers):
    monkeypatch.setattr(access, "request_headers", lambda: headers)
    assert not access.may(Right.DELETE)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "[::1]:8502"])
def test_the_operators_names(monkeypatch, host):
    monkeypatch.setattr(access, "request_headers", lambda: {"host": host})
    assert access.why_not() == ""


@pytest.mark.parametrize("address", [None, "0.0.0.0", "::", "192.168.1.5", "lesionlab.example"])
def test_a_server_that_others_reach_has_no_operator(monkeypatch, address):
    told = {"server.address": address}
    monkeypatch.setattr(connection.st, "get_option", told.__getitem__)
    assert "answers other computers too" in access.why_not()


def test_nor_one_that_was_started_otherwise_than_its_configuration_says():
    assert config.get_option("server.address") == "127.0.0.1" and access.may(Right.DELETE)
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        assert access.why_not() == ""
        listener.listen()
        assert "answers other computers too" in access.why_not()
        with pytest.raises(AccessError, match="answers other computers too"):  # at once, whatever is offered
            access.require(Right.DELETE, "deletes runs")
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::1", 0))
        listener.listen()
        assert access.why_not() == ""
    assert access.may(Right.DELETE)


def test_what_is_offered_follows_within_a_second(monkeypatch):
    now = [1e6]
    monkeypatch.setattr(connection.time, "monotonic", lambda: now[0])
    assert access.may(Right.DELETE)
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        now[0] += 1
        assert not access.may(Right.DELETE)
    now[0] += 1
    assert access.may(Right.DELETE)


@pytest.mark.parametrize("mode", ["class", "stand"])
def test_a_shared_server_takes_nobody_for_its_owner_by_the_computer_alone(shared, monkeypatch, workspace, mode):
    assert access.role() is Role.OPERATOR
    shared(mode)
    assert access.role() is (Role.STAND if mode == "stand" else Role.VISITOR)
    assert access.may(Right.TRAIN_ONE) == (mode == "stand") and not access.may(Right.TRAIN)
    assert "the page Operator" in access.why_not()


def test_a_mode_that_there_is_not_lets_nobody_in(monkeypatch):
    monkeypatch.setenv("LESIONLAB_MODE", "klass")
    with pytest.raises(ConfigError, match="Set it to one of: own, stand, class"):
        access.role()


@pytest.mark.parametrize(("named", "headers", "role"), [
    ("", VISITOR, Role.VISITOR), ("test@example.com", VISITOR, Role.OPERATOR),
    ("somebody@example.com", VISITOR, Role.VISITOR), (" , ", VISITOR, Role.VISITOR),
])
def test_a_proxy_is_believed_only_where_its_people_are_named(monkeypatch, named, headers, role):
    """As Streamlit names them, by a login or a trusted header; AppTest's person is test@example.com."""
    monkeypatch.setenv(access.PROXY_OPERATORS, named)
    monkeypatch.setattr(access, "request_headers", lambda: headers)
    assert access.role(access.Caller(headers, "test@example.com", None)) is role
    assert access.role(access.Caller(headers, "", None)) is Role.VISITOR


def test_nor_where_it_could_be_gone_round(monkeypatch):
    monkeypatch.setenv(access.PROXY_OPERATORS, "test@example.com")
    monkeypatch.setattr(access, "answers_this_computer_alone", lambda just_now=False: False)
    assert access.role(access.Caller(VISITOR, "test@example.com", None)) is Role.VISITOR


def give(at: AppTest, said: str) -> AppTest:
    at.text_input(key="operator.passphrase.value").set_value(said)
    next(button for button in at.button if button.label == "Go on").click().run()
    assert not at.exception and said not in str(at.main) and said not in repr(at.session_state)
    return at


def test_the_passphrase_makes_an_operator_until_the_visit_ends(shared, workspace):
    shared("class")
    at = give(open_page("operator"), "something else")
    assert "That is not the passphrase." in at.error[0].value
    at = give(at, f" {WORDS} ")
    assert "This session runs the server" in words(at)
    at.button(key="operator.leave").click().run()
    assert "This session runs the server" not in words(at) and at.text_input(key="operator.passphrase.value")
    assert "This session runs the server" not in words(open_page("operator")), "another session is its own"


def test_it_is_tried_a_few_times_in_a_session_and_in_a_minute(shared, workspace, monkeypatch):
    shared("class")
    monkeypatch.setattr(passphrase, "_is_right", lambda given: given == WORDS)
    at = open_page("operator")
    for _ in range(passphrase.MOST_TRIES_A_SESSION):
        at = give(at, "something else")
    assert "tried too often" in give(at, WORDS).error[0].value
    monkeypatch.setattr(passphrase, "_keeper", keeper := passphrase._Keeper())
    keeper.hashed = "set"
    assert all(keeper.tries.take() for _ in range(passphrase.MOST_TRIES_A_MINUTE))
    assert "tried too often" in give(open_page("operator"), WORDS).error[0].value


def test_only_its_hash_is_kept_and_no_process_inherits_it(monkeypatch):
    monkeypatch.setenv(passphrase.VARIABLE, WORDS)
    passphrase.take_from_environment()
    try:
        assert passphrase.VARIABLE not in passphrase.os.environ and WORDS not in repr(vars(passphrase._keeper))
        assert passphrase._is_right(WORDS) and not passphrase._is_right(WORDS.upper()) and not passphrase._is_right("")
    finally:
        passphrase.keep("")
    with pytest.raises(ConfigError, match="must have 12 to 200 characters"):
        passphrase.hash_of("short")
    made = {passphrase.new_passphrase() for _ in range(50)}
    assert len(made) == 50 and all(len(one) == 19 for one in made)


def test_what_was_offered_before_a_start_over_is_refused_after_it(shared, monkeypatch, workspace):
    shared("stand")
    proof = passphrase.Proof()
    session = {passphrase._PROOF: proof}
    monkeypatch.setattr(passphrase.st, "session_state", session)
    fetched = access.later(Right.TAKE_AWAY, lambda: b"a file")
    assert access.role() is Role.OPERATOR and fetched() == b"a file"
    passphrase.leave()
    assert access.role() is Role.STAND and session == {}
    with pytest.raises(AccessError, match="takes files away"):
        fetched()
    assert "leave" in visits.start_over.__code__.co_names


@pytest.mark.parametrize("forged", [True, "operator", {"valid": True}, 1])
def test_no_value_that_a_browser_could_send_is_a_proof(shared, monkeypatch, forged):
    shared("class")
    monkeypatch.setattr(passphrase.st, "session_state", {passphrase._PROOF: forged})
    assert passphrase.proof() is None and access.role() is Role.VISITOR


def test_what_a_class_does_is_written_down_without_names(shared, monkeypatch, workspace):
    access.require(Right.CLASSIFY)
    assert not (workspace.home / "activity.jsonl").exists(), "an owner's own server writes nothing"
    shared("class")
    access.require(Right.CLASSIFY)
    with pytest.raises(AccessError):
        access.require(Right.DELETE, "deletes runs")
    lines = [json.loads(line) for line in (workspace.home / "activity.jsonl").read_text().splitlines()]
    assert [{name: value for name, value in line.items() if name != "at"} for line in lines] == [
        {"role": "visitor", "action": "classify", "allowed": True},
        {"role": "visitor", "action": "delete", "allowed": False},
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["at"]) for line in lines)
    monkeypatch.setattr(activity, "MOST_ACTIVITY_BYTES", 1)
    for _ in range(3):
        access.require(Right.CLASSIFY)
    assert {path.name for path in workspace.home.glob("activity*")} == {"activity.1.jsonl"}


def test_a_visitor_sees_no_action_of_the_operator_on_any_page(shared, filled, monkeypatch):
    """What the pages offer, not only what they would refuse."""
    workspace, _, run = filled
    shared("class")
    for page, address in (("home", {}), ("get_data", {}), ("train", {}), ("runs", {"runs": run.name}),
                          ("models", {"model": run.name}), ("errors", {"run": run.name, "view": "sets"}),
                          ("leakage", {"data": "generated"}), ("rates", {})):
        at = open_page(page, **address)
        kinds = (at.button, at.text_input, at.text_area, at.get("file_uploader"), at.get("download_button"))
        keys = [str(one.key or one.proto.id) for kind in kinds for one in kind]
        assert [key for key in keys if right_of(key)] == [], page
        assert not at.get("download_button") and str(workspace.home) not in words(at), page
