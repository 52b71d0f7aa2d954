"""Streamlit's doors that no page of LesionLab needs: they would tell what the server holds, or run pages for a program.
"""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# counts of sessions and the names of caches; a page run for the asking; an interface for programs
_CLOSED = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")


class ClosedDoors:
    """ASGI middleware that knows nothing at these places, whatever Streamlit's options say."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(place in scope["path"] for place in _CLOSED):
            await PlainTextResponse("Not found.\n", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
