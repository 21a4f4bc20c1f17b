"""A web server on the loopback that does what a test tells it: serve files, or fail in one of the ways servers fail.

with serve({"pool/a.deb": b"..."}, {"pool/a.deb": [Answer(cut_at=100)]}) as server:
    ...  # the first request for pool/a.deb is cut off after 100 bytes, later ones are answered well
    assert server.asked("pool/a.deb") == 2
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_RANGE = re.compile(r"bytes=(\d+)-")


@dataclass(frozen=True)
class Answer:
    """How one request is answered; the default is as a good server does.

    Args:
        status: Instead of 200 or 206, with an empty body unless there is one here.
        body: Instead of the file.
        headers: Added; they win over those of a good answer. ``None`` leaves one out.
        cut_at: The connection is closed after this many bytes of the body.
        reset: ... and closed the hard way, with RST.
        stall_at: After this many bytes of the body nothing more comes.
        pieces: The body is sent in pieces of this size.
        chunked: With chunked transfer encoding, so without a length.
        ranges: Whether a Range is honoured.
        silent: The request is read and never answered.
    """

    status: int | None = None
    body: bytes | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    cut_at: int | None = None
    reset: bool = False
    stall_at: int | None = None
    pieces: int = 0
    chunked: bool = False
    ranges: bool = True
    silent: bool = False


GOOD = Answer()


@dataclass(frozen=True)
class Request:
    """What a client sent.

    Args:
        target: As in the request line: a path without its leading slash, or the whole address when we are a proxy.
        headers: Names in lower case.
    """

    target: str
    headers: Mapping[str, str]


@dataclass
class Server:
    """A running server.

    Args:
        url: Its base, with a trailing slash.
        files: Path or (as a proxy) whole address -> content; may be changed between two requests.
        script: The same -> answers to the first requests, in order; then all are good. May be changed too.
        requests: All that came, in order.
        arrived: Released once per request, for tests that must know that a client is waiting.
        closed: Set when the test is over, so that no answer stalls longer.
    """

    url: str
    files: dict[str, bytes]
    script: dict[str, list[Answer]]
    requests: list[Request] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    closed: threading.Event = field(default_factory=threading.Event)

    def asked(self, target: str) -> int:
        """Return how often a path was asked for."""
        return sum(request.target == target for request in self.requests)

    def next_answer(self, target: str) -> Answer:
        answers = self.script.get(target)
        return answers.pop(0) if answers else GOOD


@contextmanager
def serve(files: Mapping[str, bytes], script: Mapping[str, Sequence[Answer]] | None = None) -> Iterator[Server]:
    """Run a server on a free port of the loopback until the block is left."""
    httpd = _HttpServer(("127.0.0.1", 0), _Handler)
    server = httpd.script = Server(
        f"http://127.0.0.1:{httpd.server_port}/", dict(files), {key: list(each) for key, each in (script or {}).items()}
    )
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closed.set()
        httpd.shutdown()
        thread.join()
        httpd.server_close()


class _HttpServer(ThreadingHTTPServer):
    script: Server
    # A client may keep its connection open for ever; nobody waits for the thread that listens to it.
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that go away in the middle are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Say nothing."""

    def do_GET(self) -> None:
        server = self.server.script
        target = self.path.removeprefix("/")
        server.requests.append(Request(target, {name.lower(): value for name, value in self.headers.items()}))
        server.arrived.release()
        answer = server.next_answer(target)
        if answer.silent:
            server.closed.wait()
            self.close_connection = True
            return
        status, headers, body = self._good(server.files.get(target), answer)
        if answer.chunked:
            headers = {"Transfer-Encoding": "chunked"}
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        self.send_response(answer.status or status)
        for name, value in {**headers, **answer.headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self._send(body, answer)

    def _good(self, content: bytes | None, answer: Answer) -> tuple[int, dict[str, str], bytes]:
        """Return what a good server says, with the body that the answer wants."""
        if answer.body is not None or answer.status is not None or content is None:
            body = answer.body or b""
            return 404 if answer.body is None else 200, {"Content-Length": str(len(body))}, body
        wanted = _RANGE.fullmatch(self.headers.get("Range", ""))
        if wanted is None or not answer.ranges:
            return 200, {"Content-Length": str(len(content))}, content
        start = int(wanted[1])
        if start >= len(content):
            return 416, {"Content-Length": "0", "Content-Range": f"bytes */{len(content)}"}, b""
        body = content[start:]
        headers = {
            "Content-Length": str(len(body)),
            "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}",
        }
        return 206, headers, body

    def _send(self, body: bytes, answer: Answer) -> None:
        end = next((at for at in (answer.cut_at, answer.stall_at) if at is not None), None)
        piece = answer.pieces or max(1, len(body))
        shown = body[:end]
        for start in range(0, len(shown), piece):
            self.wfile.write(shown[start : start + piece])
            self.wfile.flush()
        if answer.stall_at is not None:
            self.server.script.closed.wait()
        if end is not None:
            self.close_connection = True
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
