"""What a server refuses, and why it cannot be reached, as sentences for the user. None of them quotes an address or a
header: a signed address and a login are secrets."""

import math
import re
from dataclasses import dataclass

from requests import Response
from requests.exceptions import RequestException, SSLError, Timeout

from pipeline.errors import DataError

_DAY = 86_400  # seconds


class HostError(DataError):
    """A server that gives nothing for now, whatever it is asked for: it is out of reach, or wants a pause."""


@dataclass(frozen=True)
class Host:
    """Who serves the files.

    Attributes:
        name: at the beginning of a sentence, such as "Kaggle".
        rejected: what to do after it answered 401.
        forbidden: what to do after it answered 403.
        missing: what to do after it answered 404.
    """

    name: str
    rejected: str
    forbidden: str
    missing: str


def told_number(text: str) -> int | None:
    """A number of bytes or seconds as a server tells it; None of what is none, or larger than any that is meant."""
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _pause(response: Response) -> str:
    """"in 2 minutes", from the server's own Retry-After in seconds where it gives one of less than a day."""
    asked = told_number(response.headers.get("Retry-After", ""))
    if asked is None or asked > _DAY:
        return "in some minutes"
    minutes = max(math.ceil(asked / 60), 1)
    return "in a minute" if minutes == 1 else f"in {minutes} minutes"


def refused(host: Host, what: str, response: Response, status: int | None = None) -> DataError:
    """The error for an answer that does not bring `what`; `status` where the answer's body names another one."""
    code = status or response.status_code
    if code == 401:
        return DataError(f"{host.name} rejected the login, or wants one, for {what} (401).", host.rejected)
    if code == 403:
        return DataError(f"{host.name} does not allow the download of {what} (403).", host.forbidden)
    if code == 404:
        return DataError(f"{host.name} has no {what} (404).", host.missing)
    if code == 429:
        return HostError(f"{host.name} asks for a pause: too many requests (429).", f"Try again {_pause(response)}.")
    if code >= 500:
        return DataError(f"{host.name} has a problem of its own ({code}).", "Try again later.")
    return DataError(f"{host.name} gave an answer that LesionLab does not expect ({code}).", "Try again later.")


def unreachable(host: Host, error: RequestException) -> HostError:
    """The error for a server that gave no answer at all."""
    if isinstance(error, SSLError):
        return HostError(
            f"There is no secure connection to {host.name}: its certificate was not accepted.",
            "A proxy or a wrong clock may be the cause; ask whoever runs the network.",
        )
    if isinstance(error, Timeout):
        return HostError(f"{host.name} does not answer.", "Check the connection to the internet, and try again.")
    return HostError(
        f"{host.name} cannot be reached.",
        "Check the connection to the internet, and whether a firewall or proxy blocks it; then try again.",
    )
