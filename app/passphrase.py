"""The passphrase that makes a session the operator's. Only its scrypt hash is kept, and it is tried a limited number of
times, so that neither a memory dump nor patience gives it away.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass

import streamlit as st

from app.budgets import Budget
from pipeline.errors import AccessError, ConfigError
from pipeline.limits import LEAST_PASSPHRASE, MOST_PASSPHRASE, MOST_TRIES_A_MINUTE, MOST_TRIES_A_SESSION

VARIABLE, HASH_VARIABLE = "LESIONLAB_PASSPHRASE", "LESIONLAB_PASSPHRASE_HASH"
_COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}  # 16 MiB and some 50 ms a try (RFC 7914)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none is taken for another
_GROUPS, _OF = 4, 4  # 79 bits
_PROOF, _TRIES = "operator.proof", "operator.tries"


@dataclass(eq=False)
class Proof:
    """That a session knew the passphrase, until it is left. No message of a browser can make one."""

    valid: bool = True


class _Keeper:
    """The hash that this process was given, and the tries of all sessions together."""

    def __init__(self) -> None:
        self.hashed = ""
        self.tries = Budget(MOST_TRIES_A_MINUTE, 60.0)


_keeper = _Keeper()


def new_passphrase() -> str:
    """One by chance, easy to type: "k7qm-3xwf-9tpa-h2vd"."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_OF)) for _ in range(_GROUPS))


def hash_of(passphrase: str) -> str:
    """Salt and scrypt hash, in hexadecimal digits.

    Raises:
        ConfigError: it is so short that it could be guessed, or too long.
    """
    if not LEAST_PASSPHRASE <= len(passphrase) <= MOST_PASSPHRASE:
        raise ConfigError(f"The passphrase must have {LEAST_PASSPHRASE} to {MOST_PASSPHRASE} characters.",
                          f"Set ${VARIABLE} to another, or leave it out: then one is made up.")
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(passphrase, salt).hex()}"


def _scrypt(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode("utf-8", "surrogatepass"), salt=salt, **_COST)


def take_from_environment() -> None:
    """Keeps the hash of what the environment holds and removes it there, so that no process started later has it.

    Raises:
        ConfigError: as `hash_of`.
    """
    given, hashed = os.environ.pop(VARIABLE, ""), os.environ.pop(HASH_VARIABLE, "")
    keep(hash_of(given) if given else hashed)


def keep(hashed: str) -> None:
    """From now on this hash decides; with "" no passphrase does."""
    _keeper.hashed, _keeper.tries = hashed, Budget(MOST_TRIES_A_MINUTE, 60.0)


def is_set() -> bool:
    """Whether this server has a passphrase."""
    return bool(_keeper.hashed)


def _is_right(given: str) -> bool:
    salt, _, expected = _keeper.hashed.partition("$")
    return hmac.compare_digest(_scrypt(given[:MOST_PASSPHRASE + 1], bytes.fromhex(salt)), bytes.fromhex(expected))


def prove(given: str) -> None:
    """Makes this session the operator's where `given` is the passphrase.

    Raises:
        AccessError: it is not, this server has none, or it was tried too often.
    """
    if not is_set():
        raise AccessError("This server has no passphrase.", "Whoever runs it starts it with make class or make stand.")
    tries = st.session_state.get(_TRIES, 0)
    if tries >= MOST_TRIES_A_SESSION or not _keeper.tries.take():
        raise AccessError("The passphrase was tried too often.", "Wait a minute, then load this page anew.")
    if not _is_right(given.strip()):
        st.session_state[_TRIES] = tries + 1
        raise AccessError("That is not the passphrase.", "It stands in the terminal in which the server was started.")
    st.session_state[_PROOF] = Proof()


def proof() -> Proof | None:
    """What this session has shown, if it still holds."""
    found = st.session_state.get(_PROOF)
    return found if isinstance(found, Proof) and found.valid else None


def leave() -> None:
    """The session is the operator's no more, nor is what it was offered before."""
    if found := proof():
        found.valid = False
    st.session_state.pop(_PROOF, None)
