"""nginx images serve a page under every runtime."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import APPLICATION_CASES, Lab
from tests.support.containers import Start, until
from tests.support.pages import fetch

pytestmark = [pytest.mark.runtime, pytest.mark.network]


@pytest.mark.parametrize(("runtime", "suite"), APPLICATION_CASES)
def test_it_serves_debians_welcome_page(lab: Lab, runtime: str, suite: str) -> None:
    server = lab.start(runtime, "nginx", suite, Start())
    until(lambda: fetch(server, "http://127.0.0.1/").code == 0, "nginx")
    assert "Welcome to nginx!" in fetch(server, "http://127.0.0.1/").output
    assert fetch(server, "http://127.0.0.1/no-such-page").code != 0
    until(lambda: '"GET /no-such-page HTTP/1.1" 404' in server.logs(), "the access log among the container's logs")
    server.signal("QUIT")
    assert server.wait() == 0
