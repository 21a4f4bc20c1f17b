"""A container registry on the loopback interface."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.containers import until


@contextmanager
def registry(directory: Path) -> Iterator[str]:
    """Run an empty registry without TLS and users.

    Args:
        directory: Everything it keeps lies below it.

    Yields:
        ``127.0.0.1:PORT``.
    """
    address = f"127.0.0.1:{_free_port()}"
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(directory / "storage")}, "delete": {"enabled": True}},
        "http": {"addr": address},
    }
    configuration = directory / "registry.yml"
    configuration.write_text(json.dumps(settings))  # JSON is YAML
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            ("docker-registry", "serve", str(configuration)), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        until(lambda: _answers(process, address, directory / "log"), "docker-registry")
        yield address
    finally:
        process.terminate()
        process.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


def _answers(process: subprocess.Popen[bytes], address: str, log: Path) -> bool:
    assert process.poll() is None, f"docker-registry has ended:\n{log.read_text()}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{address}/v2/", timeout=10) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False
