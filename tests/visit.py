"""`python -m tests.visit HOME`: starts the app on a workspace and opens each page by its websocket, as a browser
would; prints what was drawn. No browser, whose own requests would count."""

import re
import sys
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.e2e.serving import ROOT, serve

PAGES = ("", *re.findall(r'url_path="([\w-]+)"', (ROOT / "app" / "main.py").read_text(encoding="utf-8")))


def visit(url: str, page: str, **headers: str) -> list[ForwardMsg]:
    """All that the server sends until the page is drawn."""
    came = []
    with connect(f"{url.replace('http', 'ws')}/_stcore/stream", subprotocols=["streamlit"], max_size=None,
                 proxy=None, additional_headers=headers) as socket:
        asked = BackMsg()
        asked.rerun_script.page_name = page
        socket.send(asked.SerializeToString())
        while not (came and came[-1].WhichOneof("type") == "script_finished"):
            message = ForwardMsg()
            message.ParseFromString(socket.recv(timeout=60))
            came.append(message)
    return came


def main() -> None:
    home = Path(sys.argv[1])
    with serve(home, home.parent / "app.log") as running:
        for page in PAGES:
            print(page or "home", sum(message.WhichOneof("type") == "delta" for message in visit(running.url, page)))
    print((home.parent / "app.log").read_text())


if __name__ == "__main__":
    main()
