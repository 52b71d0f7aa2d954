"""Somebody at a browser that keeps cookies, reached through a proxy, without a browser: opens pages by their websocket
and presses buttons.
"""

from collections.abc import Iterator

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

_XSRF = "_streamlit_xsrf"
_SECONDS = 60


class PageVisitor:
    """One visitor's cookies, and the headers that a proxy adds."""

    def __init__(self, url: str, **headers: str):
        self._url, self._headers = url, headers
        self._browser = requests.Session()
        self._browser.trust_env = False  # no proxy of the machine's
        self._browser.headers.update(headers)
        self._browser.get(f"{url}/_stcore/health", timeout=_SECONDS).raise_for_status()

    def page(self, page: str) -> str:
        """All that the server sends of a page, as text."""
        with self._connected() as socket:
            return " ".join(map(str, _run(socket, page)))

    def press(self, page: str, label: str) -> None:
        """Opens a page, presses the button of this label, and goes where the server sends the browser.

        Raises:
            LookupError: the page has no such button, or it leads nowhere.
        """
        with self._connected() as socket:
            pressed = BackMsg()
            state = pressed.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = _button(_run(socket, page), label), True
            came = _run(socket, page, pressed)
        target = next((message.auth_redirect.url for message in came
                       if message.WhichOneof("type") == "auth_redirect"), None)
        if target is None:
            raise LookupError(f"The button {label} leads nowhere.")
        self._browser.get(f"{self._url}{target}", timeout=_SECONDS).raise_for_status()

    def _connected(self) -> ClientConnection:
        cookies = self._browser.cookies
        return connect(
            f"{self._url.replace('http', 'ws')}/_stcore/stream", subprotocols=["streamlit", cookies[_XSRF]],
            max_size=None, proxy=None, origin=self._url,
            additional_headers={**self._headers, "Cookie": "; ".join(f"{one.name}={one.value}" for one in cookies)},
        )


def _run(socket: ClientConnection, page: str, asked: BackMsg | None = None) -> list[ForwardMsg]:
    """What the server sends until the page is drawn."""
    asked = asked or BackMsg()
    asked.rerun_script.page_name = page
    socket.send(asked.SerializeToString())
    return list(_until_drawn(socket))


def _until_drawn(socket: ClientConnection) -> Iterator[ForwardMsg]:
    while True:
        message = ForwardMsg()
        message.ParseFromString(socket.recv(timeout=_SECONDS))
        yield message
        if message.WhichOneof("type") == "script_finished":
            return


def _button(drawn: list[ForwardMsg], label: str) -> str:
    for message in drawn:
        button = message.delta.new_element.button
        if button.label == label:
            return button.id
    raise LookupError(f"The page has no button {label}.")
