"""An HTTP server for downloads, as ISIC's and Kaggle's are seen from outside, which misbehaves as a test asks."""

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KAGGLE_CALL = "/api/v1/datasets.DatasetApiService/DownloadDataset"
SIGNED = "/signed/archive.zip"
SIGNATURE = "signature-of-an-address"
_FIRST_BYTES = 2**18


@dataclass
class StandIn:
    """What the server serves and how; a test changes it at any time.

    Attributes:
        files: content by path.
        refusals: status and headers by path, instead of the file.
        drops: how many bytes of the body come before the connection breaks, one for each request of a path.
        delays: seconds after the first bytes of a path, before the rest.
        lies: added to the Content-Length of a whole file.
        wrong_ranges, short_ranges: how often a range is answered with another one, or ends 1000 bytes too early.
        ranges, etags: whether it serves ranges, and names versions.
        logins: Authorization headers that Kaggle's part accepts; empty accepts none.
        seen: method, path and Range header of each request.
    """

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    refusals: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    drops: dict[str, list[int]] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    lies: dict[str, int] = field(default_factory=dict)
    wrong_ranges: int = 0
    short_ranges: int = 0
    ranges: bool = True
    etags: bool = True
    logins: set[str] = field(default_factory=set)
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ranges_of(self, path: str) -> list[str | None]:
        """The Range headers of the requests for `path`, in order."""
        return [asked for _, seen, asked in self.seen if seen == path]


class _Handler(BaseHTTPRequestHandler):
    served: StandIn

    def log_message(self, format: str, *arguments) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.served.seen.append(("GET", path, self.headers.get("Range")))
        if path in self.served.refusals:
            self._refuse(*self.served.refusals[path])
        elif path in self.served.files:
            self._send(path, self.served.files[path])
        else:
            self._refuse(404, {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.served.seen.append(("POST", self.path, None))
        if self.path in self.served.refusals:
            self._refuse(*self.served.refusals[self.path])
        elif self.headers.get("Authorization") not in self.served.logins:
            self._refuse(401, {"Content-Type": "application/json"}, b'{"code": 401, "message": "Unauthenticated"}')
        else:
            self._refuse(302, {"Location": f"{SIGNED}?X-Signature={SIGNATURE}"})

    def _refuse(self, status: int, headers: dict[str, str], body: bytes = b"no") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, path: str, content: bytes) -> None:
        served, etag = self.served, f'"{hashlib.md5(content).hexdigest()}"'
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", etag) == etag
        first = int(asked[1]) if asked and same and served.ranges else 0
        if first and first >= len(content):
            return self._refuse(416, {"Content-Range": f"bytes */{len(content)}"})
        self.send_response(206 if first else 200)
        if served.etags:
            self.send_header("ETag", etag)
        length = len(content) - first
        if first and served.wrong_ranges:
            served.wrong_ranges -= 1
            self.send_header("Content-Range", f"bytes 1-{len(content) - 1}/{len(content)}")
        elif first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        else:
            length += served.lies.get(path, 0)
        upto = first + served.drops[path].pop(0) if served.drops.get(path) else len(content)
        if first and served.short_ranges:
            served.short_ranges -= 1
            length, upto = length - 1000, upto - 1000
        self.send_header("Content-Length", str(length))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            if path in served.delays:
                self.wfile.write(content[first : first + _FIRST_BYTES])
                first += _FIRST_BYTES
                served.closing.wait(served.delays[path])
            self.wfile.write(content[first:upto])
        self.close_connection = True
        return None


@contextlib.contextmanager
def stand_in(port: int = 0) -> Iterator[StandIn]:
    """A running server, on a free port unless one is named.

    Raises:
        OSError: the port is taken.
    """
    served = StandIn()
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"served": served}))
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.closing.set()
        server.shutdown()
        server.server_close()
