"""How a browser reached the server: whether the server answers this computer alone, and whether a proxy stands between.
"""

import ipaddress
import os
import socket
import stat
import time
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import streamlit as st

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


def named_as_this_computer(headers: Mapping[str, str]) -> bool:
    """Whether the browser asked for 127.0.0.1 or localhost."""
    host = next((value for name, value in headers.items() if name.lower() == "host"), "")
    try:
        return loopback(urlsplit(f"//{host}").hostname)
    except ValueError:
        return False


def answers_this_computer_alone(*, just_now: bool = False) -> bool:
    """Whether the server was told to, and no socket of its process answers other computers, whoever opened it.

    Args:
        just_now: sockets that were looked at within this second will do: a page asks ten times, and stays drawn for
            longer.
    """
    looked = _sockets_were_local(int(time.monotonic())) if just_now else None
    return loopback(st.get_option("server.address")) and (_sockets_are_local() if looked is None else looked)


@lru_cache(maxsize=1)
def _sockets_were_local(_second: int) -> bool:
    return _sockets_are_local()


def _sockets_are_local() -> bool:
    try:
        open_files = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return False
    return all(map(loopback, filter(None, map(_listens_on, open_files))))


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
