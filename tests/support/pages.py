"""Web pages that containers serve, fetched from within their network: the images have no program that could."""

from __future__ import annotations

import sys

from tests.support.containers import Answer, Container, ask

# Without the proxies of the environment: the address is the container's own loopback.
_FETCH = """
import sys, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(direct.open(sys.argv[1], timeout=10).read().decode())
"""


def fetch(container: Container, url: str) -> Answer:
    """Fetch a page with an interpreter of the host."""
    network = f"--net=/proc/{container.pid}/ns/net"
    return ask("nsenter", network, sys.executable, "-c", _FETCH, url)
