"""Streamlit tells each browser the path of the main script on the server; here it learns the file's name alone."""

from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_FOLDER = str(Path(__file__).resolve().parent)


def without_path(sent: bytes) -> bytes:
    """A message to the browser without the script's folder; any other as it is."""
    if _FOLDER.encode() not in sent:
        return sent
    message = ForwardMsg()
    message.ParseFromString(sent)
    if message.WhichOneof("type") != "new_session":
        return sent
    message.new_session.main_script_path = Path(message.new_session.main_script_path).name
    return message.SerializeToString()


class HiddenPath:
    """ASGI middleware of the websocket; the browser only makes an identifier of what it is told."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hiding(message: Message) -> None:
            if message["type"] == "websocket.send" and message.get("bytes"):
                message = {**message, "bytes": without_path(message["bytes"])}
            await send(message)

        await self._app(scope, receive, hiding if scope["type"] == "websocket" else send)
