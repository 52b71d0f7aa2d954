"""Addresses of earlier versions: the browser is sent to where their page stands now, with all that they say.

It is sent on before a page is drawn, so the way back does not lead through the old address.
"""

from typing import NamedTuple

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config


class Moved(NamedTuple):
    """The address of the page now, and what it must say beside, as a query, so that it opens the same view; `unsaid`
    what it must where it says nothing else of that.
    """

    page: str
    query: str = ""
    unsaid: str = ""


MOVED = {
    "get-data": Moved("dataset", "view=get"), "learning-rate": Moved("train", "tab=learning-rate"),
    "evaluation": Moved("judge"), "leakage": Moved("judge", "tab=leakage"),
    "explore": Moved("errors", unsaid="part=all&right=all"),
}


def new_address(path: str, query: str, base: str = "") -> str | None:
    """Where an old address leads now, seen from there; None for every other one.

    Args:
        path: as it was asked for, from the server's root: "/leakage".
        query: what follows its question mark; it is kept as it is.
        base: the server's `baseUrlPath`.
    """
    before, _, name = path.rstrip("/").rpartition("/")
    if name not in MOVED or before.strip("/") != base.strip("/"):
        return None
    moved = MOVED[name]
    up = "../" if path.endswith("/") else ""  # relative: a proxy may have put something in front
    whole = "&".join(filter(None, [moved.unsaid, query, moved.query]))  # of a name that stands twice the last counts
    return f"{up}{moved.page}{'?' if whole else ''}{whole}"


class OldAddresses:
    """ASGI middleware that answers an old address with the way to the new one."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        new = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            new = new_address(scope["path"], scope["query_string"].decode("latin-1"),
                              config.get_option("server.baseUrlPath"))
        await (self._app if new is None else RedirectResponse(new))(scope, receive, send)
