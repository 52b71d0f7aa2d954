"""The operator whom a login or a trusted proxy names, on a really started server: with a provider of OpenID Connect on
this computer, whose discovery document, keys and signed id_tokens Streamlit reads as it would anybody's.
"""

import json
import time

import pytest

from app.access import PROXY_OPERATORS
from app.logins import person_of
from tests.e2e.serving import free_port, serve
from tests.page_visitor import PageVisitor
from tests.stand_in_provider import CLIENT, SECRET, Provider, stand_in_provider

HEAD, OTHER = "head@clinic.example", "somebody@clinic.example"
PROXIED = {"X-Forwarded-For": "192.0.2.7"}
RUNS_IT, FETCH = "This session runs the server", "Fetch the starter set"
SECRETS = """
[auth]
redirect_uri = "{url}/oauth2callback"
cookie_secret = "a secret that is long enough to sign with"
client_id = "{client}"
client_secret = "{secret}"
server_metadata_url = "{metadata}"
"""


@pytest.fixture(scope="module")
def provider():
    with stand_in_provider() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory, provider):
    """One that lets people log in at `provider`."""
    place, port = tmp_path_factory.mktemp("login"), free_port()
    secrets = place / "secrets.toml"
    secrets.write_text(SECRETS.format(url=f"http://127.0.0.1:{port}", client=CLIENT, secret=SECRET,
                                      metadata=provider.metadata_url))
    with serve(place / "home", place / "log", port=port, options=("--secrets.files", str(secrets)),
               environment={PROXY_OPERATORS: HEAD, "no_proxy": "127.0.0.1"}) as running:
        yield running


def logged_in(server, provider: Provider, *, forged: bool = False, **claims: object) -> PageVisitor:
    """A visitor who has pressed "Log in" and come back from the provider with these claims."""
    provider.claims, provider.forged = claims, forged
    provider.asked.clear()
    visitor = PageVisitor(server.url, **PROXIED)
    said = visitor.page("operator")
    assert RUNS_IT not in said and "logs in on the page Operator" in said
    visitor.press("operator", "Log in")
    assert "/token" in provider.asked
    return visitor


def test_who_logs_in_as_an_operator_is_one_until_the_logout(server, provider):
    visitor = logged_in(server, provider, email=HEAD, email_verified=True)
    assert RUNS_IT in visitor.page("operator") and FETCH in visitor.page("dataset")
    assert FETCH not in PageVisitor(server.url, **PROXIED).page("dataset"), "another browser has its own cookies"
    visitor.press("operator", "Log out")
    assert RUNS_IT not in visitor.page("operator") and FETCH not in visitor.page("dataset")


@pytest.mark.parametrize("claims", [
    {"email": OTHER, "email_verified": True}, {"email": HEAD, "email_verified": False}, {"email": HEAD}, {},
], ids=["another person", "an e-mail that is not verified", "one of which nothing is said", "none"])
def test_who_logs_in_as_nobody_that_is_named_stays_a_visitor(server, provider, claims):
    visitor = logged_in(server, provider, **claims)
    said = visitor.page("operator")
    assert "This login is not an operator" in said and RUNS_IT not in said and FETCH not in visitor.page("dataset")


@pytest.mark.parametrize("wrong", [
    {"forged": True}, {"aud": "another application"}, {"iss": "https://another.example"}, {"nonce": "an old one"},
    {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200},
], ids=["signature", "audience", "issuer", "nonce", "expired"])
def test_a_token_that_is_not_for_this_login_logs_nobody_in(server, provider, wrong):
    visitor = logged_in(server, provider, email=HEAD, email_verified=True, **wrong)
    said = visitor.page("operator")
    assert RUNS_IT not in said and "This login is not an operator" not in said, "not logged in at all"
    assert FETCH not in visitor.page("dataset")


@pytest.mark.parametrize(("email", "runs_it"), [(HEAD, True), (OTHER, False), (None, False)])
def test_a_trusted_header_names_an_operator(proxied, email, runs_it):
    headers = PROXIED | ({"X-Email": email} if email else {})
    assert (FETCH in PageVisitor(proxied.url, **headers).page("dataset")) == runs_it


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """A server that trusts the header X-Email of the proxy in front of it."""
    place = tmp_path_factory.mktemp("proxied")
    with serve(place / "home", place / "log", environment={PROXY_OPERATORS: HEAD},
               options=("--server.trustedUserHeaders", json.dumps({"X-Email": "email"}))) as running:
        yield running


@pytest.mark.parametrize(("user", "person"), [
    ({"email": HEAD}, HEAD), ({"email": HEAD, "is_logged_in": False}, HEAD), ({"email": None}, ""), ({}, ""),
    ({"email": HEAD, "is_logged_in": True, "email_verified": "true"}, HEAD),  # some providers write it as a word
    ({"email": HEAD, "is_logged_in": True, "email_verified": "false"}, ""),
])
def test_whose_e_mail_is_believed(user, person):
    """A trusted header says nothing of verification: whoever put the proxy there answers for it."""
    assert person_of(user) == person
