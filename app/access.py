"""Who may do what: three roles, a table of rights, and the question that each function asks before it acts.

Pages ask `may` before they offer an action, and what acts calls `require` once more: a click may arrive from a page
that was drawn when its session still had the right. What the browser fetches later, outside the page's script, is made
by a function that `later` guards.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

import streamlit as st

from app import activity, passphrase
from app.connection import answers_this_computer_alone, forwarded, named_as_this_computer
from app.logins import login_set_up, person_of
from app.server_mode import Mode, mode
from app.visitor_limits import keep_pace
from pipeline.errors import AccessError

_Made = TypeVar("_Made")
PROXY_OPERATORS = "LESIONLAB_PROXY_OPERATORS"


class Role(StrEnum):
    """What a session is to this server."""

    OPERATOR = "operator"
    STAND = "stand"
    VISITOR = "visitor"


class Right(StrEnum):
    """What can be done; looking and taking part (guesses, ticks, lessons, another address) are free to all."""

    CLASSIFY = "classify"
    TRAIN_ONE = "train-one"
    TRAIN = "train"
    COMPUTE = "compute"
    STOP = "stop"
    DRAW = "draw"
    IMPORT = "import"
    IMPORT_PATH = "import-path"
    FETCH = "fetch"
    KAGGLE_LOGIN = "kaggle-login"
    COMBINE = "combine"
    JUDGE_PAIR = "judge-pair"
    TEACH = "teach"
    OPEN_ROOM = "open-room"
    TAKE_AWAY = "take-away"
    NAME = "name"
    DELETE = "delete"
    RESTORE = "restore"
    PUT_AWAY = "put-away"


class _Rule(NamedTuple):
    """Who has a right, and what a refusal says that only the operator does."""

    roles: frozenset[Role]
    does: str


_OPERATOR, _AT_A_STAND, _ALL = frozenset({Role.OPERATOR}), frozenset({Role.OPERATOR, Role.STAND}), frozenset(Role)
RULES: dict[Right, _Rule] = {
    Right.CLASSIFY: _Rule(_ALL, "classifies images"),
    Right.TRAIN_ONE: _Rule(_AT_A_STAND, "starts a training"),
    Right.TRAIN: _Rule(_OPERATOR, "starts a training"),
    Right.COMPUTE: _Rule(_OPERATOR, "starts computations"),
    Right.STOP: _Rule(_OPERATOR, "stops what is at work"),
    Right.DRAW: _Rule(_OPERATOR, "has images drawn"),
    Right.IMPORT: _Rule(_OPERATOR, "imports anything"),
    Right.IMPORT_PATH: _Rule(_OPERATOR, "imports by a path of the server"),
    Right.FETCH: _Rule(_OPERATOR, "starts or stops downloads"),
    Right.KAGGLE_LOGIN: _Rule(_OPERATOR, "gives a Kaggle login"),
    Right.COMBINE: _Rule(_OPERATOR, "combines models"),
    Right.JUDGE_PAIR: _Rule(_OPERATOR, "judges near-duplicates"),
    Right.TEACH: _Rule(_OPERATOR, "changes teaching sets and notes"),
    Right.OPEN_ROOM: _Rule(_OPERATOR, "runs classes"),
    Right.TAKE_AWAY: _Rule(_OPERATOR, "takes files away"),
    Right.NAME: _Rule(_OPERATOR, "renames runs and models"),
    Right.DELETE: _Rule(_OPERATOR, "deletes or replaces anything"),
    Right.RESTORE: _Rule(_OPERATOR, "restores what was deleted"),
    Right.PUT_AWAY: _Rule(_OPERATOR, "puts teaching sets and notes away"),
}

_OPEN_ADDRESS = (
    "This server answers other computers too: whoever runs it starts it with --server.address 127.0.0.1 and opens it "
    "on that computer."
)
_OTHER_WAY = (
    "This page came through a proxy or by a name of the network: whoever runs the server opens it as 127.0.0.1 or "
    "localhost on that computer."
)
_BY_PASSPHRASE = "Whoever runs the server gives its passphrase on the page Operator, at the address /operator."
_BY_LOGIN = "Whoever runs the server logs in on the page Operator, at the address /operator."


def request_headers() -> Mapping[str, str]:
    """The headers with which this session's browser connected; none where it has left."""
    return st.context.headers.to_dict()


@dataclass(frozen=True)
class Caller:
    """Whose session this is, as far as it decides the role.

    Attributes:
        headers: of the request with which its browser connected.
        person: the e-mail of whom Streamlit names, by `st.login` or by a header of `server.trustedUserHeaders`; "" for
            nobody.
        proof: that it knew the passphrase.
    """

    headers: Mapping[str, str]
    person: str
    proof: passphrase.Proof | None

    @classmethod
    def here(cls) -> "Caller":
        """The session whose page is being drawn."""
        return cls(request_headers(), person_of(st.user.to_dict()), passphrase.proof())


def _at_its_own_computer(who: Caller, just_now: bool) -> bool:
    local = answers_this_computer_alone(just_now=just_now)
    return local and not forwarded(who.headers) and named_as_this_computer(who.headers)


def _vouched_for(who: Caller, just_now: bool) -> bool:
    """Whether a proxy that the owner trusts names an operator. It is the only way in: else anybody could claim that."""
    named = {name.strip() for name in os.environ.get(PROXY_OPERATORS, "").split(",")} - {""}
    return who.person in named and answers_this_computer_alone(just_now=just_now)


def role(who: Caller | None = None, *, just_now: bool = False) -> Role:
    """The role of a session, by default of the one whose page is being drawn.

    Args:
        just_now: an answer of this second will do; never for what acts.

    Raises:
        ConfigError: the server was started in no known mode.
    """
    who, started = who or Caller.here(), mode()
    if (who.proof and who.proof.valid) or (started is Mode.OWN and _at_its_own_computer(who, just_now)):
        return Role.OPERATOR
    if _vouched_for(who, just_now):
        return Role.OPERATOR
    return Role.STAND if started is Mode.STAND else Role.VISITOR


def may(right: Right) -> bool:
    """Whether this session is to be offered what takes `right`."""
    return role(just_now=True) in RULES[right].roles


def require(right: Right, does: str = "", who: Caller | None = None) -> None:
    """What acts calls first. On a server that is not its owner's alone it also writes down that it was done.

    Args:
        does: what is done, for the refusal, where it is more exact than the right: "deletes runs".
        who: asked for on behalf of an earlier moment of that session.

    Raises:
        AccessError: this session may not.
        LimitError: a visitor did it too often.
        WorkspaceError: it cannot be written down.
    """
    asked_by = role(who)
    allowed = asked_by in RULES[right].roles
    if allowed and asked_by is not Role.OPERATOR:
        keep_pace(right)
    if mode() is not Mode.OWN:
        activity.write_down(right, asked_by, allowed)
    if not allowed:
        raise AccessError(f"Only the person who runs the server {does or RULES[right].does}.", why_not(who))


def later(right: Right, make: Callable[[], _Made], does: str = "") -> Callable[[], _Made]:
    """`make` for a download button: called outside the page's script, it asks for the right of this session anew."""
    who = Caller.here()

    def made() -> _Made:
        require(right, does, who)
        return make()

    return made


def why_not(who: Caller | None = None) -> str:
    """Why a session is not the operator's, and how it could be; empty where it is."""
    if role(who) is Role.OPERATOR:
        return ""
    if passphrase.is_set():
        return _BY_PASSPHRASE
    if not answers_this_computer_alone():
        return _OPEN_ADDRESS
    return _BY_LOGIN if login_set_up() else _OTHER_WAY


def not_offered(right: Right, actions: str) -> None:
    """Says in a line why `actions`, such as "Deleting and restoring", are not offered to this session, if so."""
    if not may(right):
        st.caption(f":material/lock: {actions}: only for the person who runs the server. {why_not()}")
