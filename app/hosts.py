"""The server's front: a request under a name that is not LesionLab's, or sent by another site's page, goes no further.

A page of somebody else can have its own name resolve to 127.0.0.1 and so speak to a server on its visitor's computer,
with a Host and an Origin that agree with each other. Streamlit asks for a known Host at the websocket alone; here it is
asked for everything: pages, health, uploads, media, the websocket.
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

_UNKNOWN_HOST = (
    "LesionLab does not answer to this name. Whoever runs the server adds a name with --server.allowedHosts (repeated "
    "for each), localhost and 127.0.0.1 included.\n"
)
_OTHER_SITE = (
    "LesionLab takes requests of its own pages alone. A proxy in front of it must pass on the Host that the browser "
    "sent.\n"
)


def refusal(headers: Headers) -> str:
    """Why a request with these headers goes no further, in words; empty where it does."""
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    # an empty list lets Streamlit take every name; here it lets nobody in
    if len(hosts) != 1 or not config.get_option("server.allowedHosts") or not is_host_allowed(hosts[0]):
        return _UNKNOWN_HOST
    if len(origins) > 1 or any(not _same_site(origin, hosts[0]) for origin in origins):
        return _OTHER_SITE
    return ""


def _same_site(origin: str, host: str) -> bool:
    """Whether a page of `origin` was served under `host`; a sandboxed frame's, which does not say, was not."""
    scheme, _, site = origin.lower().partition("://")
    usual = {"http": ":80", "https": ":443"}.get(scheme)
    return usual is not None and site.removesuffix(usual) == host.lower().removesuffix(usual)


class KnownHostsOnly:
    """ASGI middleware that answers 403, in words, to what `refusal` names; a websocket is not opened."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = refusal(Headers(scope=scope)) if scope["type"] in ("http", "websocket") else ""
        if not reason:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await PlainTextResponse(reason, 403)(scope, receive, send)
