"""nginx images serve a page under every runtime."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.conftest import APPLICATION_CASES, Lab
from tests.support.containers import Answer, Container, Start, ask, until

pytestmark = [pytest.mark.runtime, pytest.mark.network]

# Without the proxies of the environment: the address is the container's own loopback.
FETCH = """
import sys, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(direct.open(sys.argv[1], timeout=10).read().decode())
"""


def fetch(container: Container, url: str) -> Answer:
    """Fetch a page from within the network of a container, whose image has no program that could."""
    network = f"--net=/proc/{container.pid}/ns/net"
    return ask("nsenter", network, sys.executable, "-c", FETCH, url)


@pytest.mark.parametrize(("runtime", "suite"), APPLICATION_CASES)
def test_it_serves_debians_welcome_page(lab: Lab, runtime: str, suite: str) -> None:
    server = lab.start(runtime, "nginx", suite, Start())
    until(lambda: fetch(server, "http://127.0.0.1/").code == 0, "nginx")
    assert "Welcome to nginx!" in fetch(server, "http://127.0.0.1/").output
    assert fetch(server, "http://127.0.0.1/no-such-page").code != 0
    until(lambda: '"GET /no-such-page HTTP/1.1" 404' in server.logs(), "the access log among the container's logs")
    server.signal("QUIT")
    assert server.wait() == 0
