"""How much visitors of a shared server may upload: asked before a file is taken into memory, which it stays in."""

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from app.connection import answers_this_computer_alone, forwarded
from app.server_mode import Mode, mode
from pipeline.limits import MOST_UPLOADED_BYTES, MOST_UPLOADED_BYTES_IN_ALL, MOST_UPLOADS
from pipeline.number_words import count

VISITORS_WORDS = f"Up to {MOST_UPLOADS} files for each visitor, together {MOST_UPLOADED_BYTES // 2**20} MiB."
_UPLOAD = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/[^/]+$")


def _held() -> dict[str, list[int]]:
    """The sizes of the files that each session has in memory."""
    manager = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    return {session: [len(file.data) for file in list(files.values())]
            for session, files in list(manager.file_storage.items())}


def too_much(session: str, size: int, held: dict[str, list[int]]) -> str:
    """Why a file of `size` bytes is not taken, in a sentence; empty where it is.

    Args:
        held: the sizes of what each session has uploaded.
    """
    own = held.get(session, [])
    if len(own) >= MOST_UPLOADS:
        return f"At most {count(MOST_UPLOADS, 'upload')} for each visitor: remove some first."
    if sum(own) + size > MOST_UPLOADED_BYTES:
        return f"At most {MOST_UPLOADED_BYTES // 2**20} MiB of uploads for each visitor: remove some first."
    if sum(map(sum, held.values())) + size > MOST_UPLOADED_BYTES_IN_ALL:
        return f"At most {MOST_UPLOADED_BYTES_IN_ALL // 2**20} MiB of uploads for all visitors together: wait a little."
    return ""


def _shared(headers: Headers) -> bool:
    return mode() is not Mode.OWN or forwarded(headers) or not answers_this_computer_alone(just_now=True)


class UploadLimits:
    """ASGI middleware that answers 413, in words, to what `too_much` names, and 411 to a file of unknown size."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if found is None or not _shared(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        size = Headers(scope=scope).get("content-length", "")
        if not (size.isascii() and size.isdecimal()):
            await PlainTextResponse("An upload must say its size.\n", 411)(scope, receive, send)
        elif reason := too_much(found["session"], int(size), _held()):
            await PlainTextResponse(f"{reason}\n", 413)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
