"""Who may do what. The person who runs the server, at its own computer, may do everything; everybody else what neither
removes nor renames what others made, names no path of the server, and uses no login of its owner.

Pages ask `operator()` before they offer such an action, and what acts calls `require_operator` once more: a click may
arrive from a page that was drawn when its session still had the right.
"""

import ipaddress
import os
import time
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import psutil
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


_SECONDS_KEPT = 2.0
_PROC = os.path.isdir("/proc/self/fd")  # where there is none, a new socket is seen after those seconds


def _listens_to_this_computer_alone() -> bool:
    """Whether the server was told to, and no socket of its process does otherwise, whoever opened it."""
    if not loopback(st.get_option("server.address")):
        return False
    return _sockets_are_local(int(time.monotonic() / _SECONDS_KEPT), len(os.listdir("/proc/self/fd")) if _PROC else 0)


@lru_cache(maxsize=1)  # a page asks up to ten times, and looking at all sockets takes 10 ms
def _sockets_are_local(_moment: int, _files_open: int) -> bool:
    try:
        sockets = psutil.Process().net_connections("inet")
    except psutil.AccessDenied:
        return False
    return all(loopback(socket.laddr.ip) for socket in sockets if socket.status == psutil.CONN_LISTEN)


def request_headers() -> Mapping[str, str]:
    """The headers with which this session's browser connected; none where it has left."""
    return st.context.headers.to_dict()


def _named_as_this_computer(headers: Mapping[str, str]) -> bool:
    host = next((value for name, value in headers.items() if name.lower() == "host"), "")
    try:
        return loopback(urlsplit(f"//{host}").hostname)
    except ValueError:
        return False


def why_not() -> str:
    """Why this session may not act as the person who runs the server, and how it could; empty where it may."""
    if not _listens_to_this_computer_alone():
        return _OPEN_ADDRESS
    headers = request_headers()
    if forwarded(headers) or not _named_as_this_computer(headers):
        return _OTHER_WAY
    return ""


def operator() -> bool:
    """Whether this session may do what only the person who runs the server may."""
    return not why_not()


def require_operator(action: str) -> None:
    """Raises an AccessError where this session may not do `action`, such as "deletes runs"."""
    if reason := why_not():
        raise AccessError(f"Only the person who runs the server {action}.", reason)


def not_offered(actions: str) -> None:
    """Says in a line why `actions`, such as "Deleting and restoring", are not offered to this session, if so."""
    if reason := why_not():
        st.caption(f":material/lock: {actions}: only for the person who runs the server. {reason}")
