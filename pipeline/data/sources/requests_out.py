"""Requests that go out: where a server may send them on to. Neither to a file, nor to an address in this network, nor
from a secure connection to one that is not; an archive that is served in one place goes nowhere else.
"""

import ipaddress
from urllib.parse import urljoin, urlsplit

import requests

from pipeline.data.sources.refusals import Host
from pipeline.errors import DataError

_SECONDS = (15, 60)  # to connect, and between two reads
_MOST_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}


def _site(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port; raises ValueError for what is no address."""
    parts = urlsplit(address)
    return parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme.lower())


def _joined(address: str, target: str) -> str:
    """`target` as seen from `address`; empty where it is no address."""
    try:
        return urljoin(address, target)
    except ValueError:
        return ""


def _near(host: str) -> bool:
    """Whether a host is this computer or lies in its network, as far as its name says."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))
    return not (getattr(address, "ipv4_mapped", None) or address).is_global


def may_follow(start: str, target: str, *, elsewhere: bool) -> bool:
    """Whether a request that began at `start` may go on to `target`.

    Args:
        elsewhere: whether another host may serve it.
    """
    try:
        (scheme, host, port), (to_scheme, to_host, to_port) = _site(start), _site(target)
    except ValueError:
        return False
    if to_scheme not in _PORTS or (scheme == "https" and to_scheme != "https") or not to_host:
        return False
    if to_host == host:
        return to_port == port or (scheme, to_scheme) == ("http", "https")
    return elsewhere and (not _near(to_host) or _near(host))


class _Bound(requests.Session):
    """A session whose redirects go only where `may_follow` lets them."""

    def __init__(self, host: Host, start: str):
        super().__init__()
        self._host, self._start = host, start
        self.max_redirects = _MOST_REDIRECTS

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target is not None and not may_follow(self._start, _joined(resp.url, target), elsewhere=False):
            resp.close()
            raise sent_elsewhere(self._host)
        return target


def sent_elsewhere(host: Host) -> DataError:
    return DataError(
        f"{host.name} sends this request to another server, where LesionLab does not go.",
        "Download the files by hand and import them, or ask whoever runs the network.",
    )


def get(host: Host, address: str, headers: dict[str, str]) -> requests.Response:
    """The answer to a GET, its body not read yet; redirects stay on the host of `address`.

    Raises:
        DataError: it is sent elsewhere.
        requests.exceptions.RequestException: there is no answer.
    """
    return _Bound(host, address).get(address, headers=headers, stream=True, timeout=_SECONDS)
