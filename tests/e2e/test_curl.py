"""curl images fetch under every runtime."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.e2e.conftest import APPLICATION_CASES, Lab
from tests.support.containers import Start

pytestmark = [pytest.mark.runtime, pytest.mark.network]


class Greeter(BaseHTTPRequestHandler):
    """Answers every request with a greeting to its client."""

    def do_GET(self) -> None:
        body = f"hello {self.headers['User-Agent'].partition('/')[0]}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@pytest.fixture
def greeter() -> Iterator[str]:
    """The address of a server on the loopback interface."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("runtime", "suite"), APPLICATION_CASES)
def test_it_fetches_from_a_server(lab: Lab, greeter: str, runtime: str, suite: str) -> None:
    command = ("--silent", "--show-error", "--noproxy", "*", greeter)
    container = lab.start(runtime, "curl", suite, Start(command=command, host_network=True, read_only=True))
    assert container.wait() == 0, container.logs()
    assert "hello curl\n" in container.logs()


def test_it_has_the_certificates_that_https_needs(lab: Lab) -> None:
    # The loopback server has no TLS: how curl fails tells whether it could read its certificates.
    container = lab.start("runc", "curl", "bookworm", Start(command=("--verbose", "https://127.0.0.1:1/")))
    assert container.wait() == 7  # could not connect; 77 would be a problem with the certificates
