"""Who may do what. The person who runs the server, at its own computer, may do everything; everybody else what neither
removes nor renames what others made, names no path of the server, and uses no login of its owner.

Pages ask `operator()` before they offer such an action, and what acts calls `require_operator` once more: a click may
arrive from a page that was drawn when its session still had the right.
"""

import ipaddress
import os
import socket
import stat
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import streamlit as st

from pipeline.errors import AccessError

_OPEN_ADDRESS = (
    "This server answers other computers too: whoever runs it starts it with --server.address 127.0.0.1 and opens it "
    "on that computer."
)
_OTHER_WAY = (
    "This page came through a proxy or by a name of the network: whoever runs the server opens it as 127.0.0.1 or "
    "localhost on that computer."
)
# proxies say by these, or by names that begin so, that a request is not their own
_FORWARDED = frozenset({
    "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-host", "x-original-url",
    "x-remote-user", "true-client-ip", "fastly-client-ip", "client-ip",
})
_FORWARDED_PREFIXES = ("x-forwarded", "x-envoy-", "x-amzn-", "cf-", "fly-", "x-arr-", "x-azure-", "x-goog-")
_NETWORK = (socket.AF_INET, socket.AF_INET6)


def loopback(host: str | None) -> bool:
    """Whether only this computer is meant by a host name or address without a port; none at all means every one."""
    if not host:
        return False
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def forwarded(headers: Mapping[str, str]) -> bool:
    """Whether a proxy handed the request on."""
    names = [name.lower() for name in headers]
    return any(name in _FORWARDED or name.startswith(_FORWARDED_PREFIXES) for name in names)


def _sockets_are_local() -> bool:
    """Whether no socket of the server's process answers other computers, whoever opened it."""
    try:
        open_files = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return False
    return all(map(loopback, filter(None, map(_listens_on, open_files))))


@lru_cache(maxsize=1)
def _sockets_were_local(_second: int) -> bool:
    return _sockets_are_local()


def _sockets_were_local_just_now() -> bool:
    """As `_sockets_are_local`, asked once in a second: a page asks ten times, and stays drawn for longer."""
    return _sockets_were_local(int(time.monotonic()))


def _listens_on(open_file: int) -> str | None:
    """The address at which an open file of this process waits for connections; None where it does not."""
    try:
        if not stat.S_ISSOCK(os.fstat(open_file).st_mode):
            return None
        with socket.socket(fileno=os.dup(open_file)) as found:
            listens = found.family in _NETWORK and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            return found.getsockname()[0] if listens else None
    except OSError:  # it was closed in between
        return None


def request_headers() -> Mapping[str, str]:
    """The headers with which this session's browser connected; none where it has left."""
    return st.context.headers.to_dict()


def _named_as_this_computer(headers: Mapping[str, str]) -> bool:
    host = next((value for name, value in headers.items() if name.lower() == "host"), "")
    try:
        return loopback(urlsplit(f"//{host}").hostname)
    except ValueError:
        return False


def why_not(sockets_are_local: Callable[[], bool] = _sockets_are_local) -> str:
    """Why this session may not act as the person who runs the server, and how it could; empty where it may."""
    if not (loopback(st.get_option("server.address")) and sockets_are_local()):
        return _OPEN_ADDRESS
    headers = request_headers()
    if forwarded(headers) or not _named_as_this_computer(headers):
        return _OTHER_WAY
    return ""


def operator() -> bool:
    """Whether this session is to be offered what only the person who runs the server may do."""
    return not why_not(_sockets_were_local_just_now)


def require_operator(action: str) -> None:
    """Raises an AccessError where this session may not do `action`, such as "deletes runs"."""
    if reason := why_not():
        raise AccessError(f"Only the person who runs the server {action}.", reason)


def not_offered(actions: str) -> None:
    """Says in a line why `actions`, such as "Deleting and restoring", are not offered to this session, if so."""
    if reason := why_not(_sockets_were_local_just_now):
        st.caption(f":material/lock: {actions}: only for the person who runs the server. {reason}")
