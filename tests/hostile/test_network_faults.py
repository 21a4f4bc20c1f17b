"""Real connections to a server on the loopback that fails in every way servers, proxies and networks fail."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.http_transport import HttpTransport, _Address
from pkg2image.archive.proxies import Proxies
from pkg2image.digest import sha256
from pkg2image.errors import NetworkError, Pkg2ImageError, TrustError
from pkg2image.store import Store
from tests.support.httpd import Answer, Server, serve
from tests.support.patience import Clock

ROOT = Path(__file__).parents[2]
DATA = bytes(range(256)) * 1000
SIZE = len(DATA)
HALF = SIZE // 2
NAME = "pool/file"
GZIP = {"Content-Encoding": "gzip"}


@dataclass
class World:
    """A server, and a client with a store."""

    server: Server
    acquirer: Acquirer
    store: Store
    clock: Clock

    def blob(self, name: str = NAME) -> bytes:
        blob = self.acquirer.fetch_blob(self.server.url + name, self.store, digest=sha256(DATA), size=SIZE)
        with self.store.open(blob.digest) as stream:
            return stream.read()

    def document(self, name: str = NAME) -> bytes:
        return self.acquirer.fetch_bytes(self.server.url + name, limit=SIZE)


@contextmanager
def world(tmp_path: Path, *answers: Answer, clock: Clock | None = None) -> Iterator[World]:
    """Run a server that has DATA and gives these answers first, and a client with little patience."""
    clock = clock or Clock()
    transport = HttpTransport(connect_seconds=5, read_seconds=0.2)
    with serve({NAME: DATA}, {NAME: answers}) as server:
        yield World(server, Acquirer(transport, patience=clock.patience()), Store(tmp_path / "store"), clock)
        transport.close()


RECOVERABLE = [
    pytest.param([Answer(cut_at=0)], id="cut off before the first byte"),
    pytest.param([Answer(cut_at=1)], id="cut off after the first byte"),
    pytest.param([Answer(cut_at=HALF)], id="cut off in the middle"),
    pytest.param([Answer(cut_at=SIZE - 1)], id="cut off before the last byte"),
    pytest.param([Answer(cut_at=HALF, reset=True)], id="reset in the middle"),
    pytest.param([Answer(cut_at=0, reset=True)], id="reset before the first byte"),
    pytest.param([Answer(stall_at=HALF)], id="stalls in the middle"),
    pytest.param([Answer(silent=True)], id="never answers"),
    pytest.param([Answer(cut_at=HALF), Answer(ranges=False)], id="cut off, and knows no ranges"),
    pytest.param([Answer(cut_at=HALF), Answer(status=503), Answer(status=429)], id="cut off, then busy"),
    pytest.param([Answer(cut_at=HALF)] * 4, id="cut off again and again"),
    pytest.param([Answer(status=500), Answer(status=502), Answer(status=504)], id="out of order"),
    pytest.param([Answer(chunked=True, cut_at=HALF)], id="chunked and cut off"),
    pytest.param([Answer(chunked=True)], id="chunked"),
    pytest.param([Answer(pieces=1000)], id="in small pieces"),
]  # fmt: skip


@pytest.mark.parametrize("answers", RECOVERABLE)
def test_blob_survives(tmp_path: Path, answers: Sequence[Answer]) -> None:
    with world(tmp_path, *answers) as here:
        assert here.blob() == DATA


@pytest.mark.parametrize("answers", RECOVERABLE)
def test_document_survives(tmp_path: Path, answers: Sequence[Answer]) -> None:
    with world(tmp_path, *answers) as here:
        assert here.document() == DATA


def test_resumed_download_fetches_only_the_rest(tmp_path: Path) -> None:
    with world(tmp_path, Answer(cut_at=HALF)) as here:
        assert here.blob() == DATA
        assert [request.headers.get("range") for request in here.server.requests] == [None, f"bytes={HALF}-"]


SHIFTED = {"Content-Range": f"bytes {HALF - 1}-{SIZE - 2}/{SIZE}"}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([Answer(cut_at=HALF), Answer(status=206, body=DATA[HALF - 1 : -1], headers=SHIFTED)], id="part"),
        pytest.param([Answer(cut_at=HALF), Answer(status=206, body=DATA[HALF:])], id="no Content-Range"),
        pytest.param([Answer(body=b"<html>log in</html>", headers={"Content-Type": "text/html"})], id="login page"),
        pytest.param([Answer(body=DATA + b"!")], id="longer"),
        pytest.param([Answer(body=DATA + b"!", chunked=True)], id="longer, length unknown"),
        pytest.param([Answer(body=DATA[:-1])], id="shorter"),
        pytest.param([Answer(body=DATA[:-1] + b"!")], id="one byte is wrong"),
    ],
)  # fmt: skip
def test_wrong_bytes_are_thrown_away_and_asked_for_again(tmp_path: Path, answers: Sequence[Answer]) -> None:
    with world(tmp_path, *answers) as here:
        assert here.blob() == DATA


@pytest.mark.parametrize(
    ("answers", "kind", "message"),
    [
        pytest.param([Answer(status=404)], NetworkError, "HTTP 404", id="absent"),
        pytest.param([Answer(status=401)], NetworkError, "user name and password", id="login wanted"),
        pytest.param([Answer(status=407)], NetworkError, "the proxy needs", id="proxy wants a login"),
        pytest.param([Answer(silent=True)] * 5, NetworkError, r"the server is silent \(5 attempts\)", id="silent"),
        pytest.param([Answer(stall_at=0)] * 5, NetworkError, r"silent \(5 attempts\)", id="stalls"),
        pytest.param([Answer(cut_at=0)] * 5, NetworkError, r"5 attempts", id="cut off"),
        pytest.param([Answer(status=503)] * 5, NetworkError, "HTTP 503", id="busy"),
        pytest.param([Answer(body=DATA + b"!")] * 2, TrustError, "expected", id="longer"),
        pytest.param([Answer(body=b"<html>")] * 2, TrustError, "expected", id="page"),
        pytest.param([Answer(headers=GZIP, body=b"\x1f\x8b")] * 2, TrustError, "expected", id="encoded"),
        pytest.param([Answer(status=301, headers={"Location": "/" + NAME})] * 6, NetworkError, "than 5", id="loop"),
    ],
)  # fmt: skip
def test_lasting_faults_are_told_and_leave_nothing(
    tmp_path: Path, answers: Sequence[Answer], kind: type[Pkg2ImageError], message: str
) -> None:
    with world(tmp_path, *answers) as here:
        with pytest.raises(kind, match=message) as caught:
            here.blob()
        assert here.server.url + NAME in caught.value.message
        usage = here.store.usage()
        assert (usage.blobs.count, usage.temporary.count) == (0, 0)


def test_dripping_server_is_noticed(tmp_path: Path) -> None:
    drip = [Answer(pieces=1)] * 5
    with (
        world(tmp_path, *drip, clock=Clock(step=16)) as here,
        pytest.raises(NetworkError, match="less than 1 KiB per second"),
    ):
        here.document()


def test_retry_after(tmp_path: Path) -> None:
    with world(tmp_path, Answer(status=429, headers={"Retry-After": "30"})) as here:
        assert here.blob() == DATA
        assert here.clock.pauses == [30.0]


def test_many_threads_share_one_client(tmp_path: Path) -> None:
    files = {f"pool/{number}": bytes([number]) * 50_000 for number in range(40)}
    script = {name: [Answer(cut_at=20_000)] for number, name in enumerate(files) if number % 3 == 0}
    store, acquirer = Store(tmp_path), Acquirer(transport_for({}), patience=Clock().patience())
    with serve(files, script) as server, ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda name: acquirer.fetch_blob(
                    server.url + name, store, digest=sha256(files[name]), size=len(files[name])
                ),
                files,
            )
        )
    assert store.usage().blobs.count == len(files)


_INTERRUPTED = """
import sys
from pathlib import Path
from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.parallel import parallel_map
from pkg2image.digest import sha256
from pkg2image.store import Store

acquirer, store = Acquirer(transport_for({})), Store(Path(sys.argv[2]))
parallel_map(lambda n: acquirer.fetch_blob(sys.argv[1], store, digest=sha256(b"x"), size=9), range(3), jobs=3)
"""


def test_interrupted_program_does_not_wait_for_a_stalled_server(tmp_path: Path) -> None:
    with serve({NAME: b"123456789"}, {NAME: [Answer(stall_at=1)] * 3}) as server:
        command = [sys.executable, "-c", _INTERRUPTED, server.url + NAME, str(tmp_path)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT) as process:
            for _ in range(3):
                assert server.arrived.acquire(timeout=60)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
    assert process.returncode != 0
    assert b"KeyboardInterrupt" in errors


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("http://host.invalid/x", "cannot be resolved", id="DNS"),
        pytest.param("http://127.0.0.1:1/x", "connection refused", id="nobody listens"),
    ],
)
def test_unreachable_hosts(url: str, message: str) -> None:
    with pytest.raises(NetworkError, match=message) as caught:
        Acquirer(transport_for({}), patience=Clock().patience(retries=0)).fetch_bytes(url, limit=SIZE)
    assert caught.value.hint


def test_server_without_tls(tmp_path: Path) -> None:
    with world(tmp_path) as here, pytest.raises(NetworkError, match="no secure connection"):
        here.acquirer.fetch_bytes(here.server.url.replace("http:", "https:"), limit=SIZE)


# Redirects and credentials


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_keep_the_range(tmp_path: Path, status: int) -> None:
    moved = [Answer(status=status, headers={"Location": "../" + NAME})]
    with world(tmp_path, Answer(cut_at=HALF)) as here:
        here.server.script["old/file"] = moved * 2
        assert here.blob("old/file") == DATA
        assert here.server.requests[-1].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize(
    ("start", "location", "message"),
    [
        pytest.param("https://a.example/x", "http://a.example/x", "from https to http", id="downgrade"),
        pytest.param(
            "http://a.example/x", "http://a.example/x\r\nHost: evil.example", "control", id="header injection"
        ),
        pytest.param("http://a.example/x", "http://a.example/x y", "control characters or blanks", id="blank"),
        pytest.param("http://a.example/x", "http://a.example/\xe9", "control characters or blanks", id="not ASCII"),
        pytest.param("http://a.example/x", "file:///etc/passwd", "file, which is not http", id="file"),
        pytest.param("http://a.example/x", "http://[::1/", "not an address", id="no address"),
        pytest.param("http://a.example/x", "http://a.example:port/", "not an address", id="no port"),
    ],
)
def test_redirects_that_are_refused(start: str, location: str, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        _Address.parse(start).follow(location)


@pytest.mark.parametrize(
    ("start", "location", "url", "logged_in"),
    [
        pytest.param("http://u:p@a.example/x/y", "z", "http://a.example/x/z", True, id="relative"),
        pytest.param("http://u:p@a.example/x", "http://a.example:80/z", "http://a.example:80/z", True, id="same port"),
        pytest.param("http://u:p@a.example/x", "https://a.example/z", "https://a.example/z", True, id="upgrade"),
        pytest.param("http://u:p@a.example/x", "http://a.example:81/z", "http://a.example:81/z", False, id="port"),
        pytest.param("https://u:p@a.example/x", "https://b.example/z", "https://b.example/z", False, id="host"),
        pytest.param("http://u:p@a.example/x", "http://v:q@b.example/z#f", "http://b.example/z", False, id="theirs"),
    ],
)
def test_credentials_stay_with_their_host(start: str, location: str, url: str, logged_in: object) -> None:
    address = _Address.parse(start).follow(location)
    assert (address.url, address.credentials != "") == (url, logged_in)


def test_credentials_are_sent_and_never_shown(tmp_path: Path) -> None:
    with world(tmp_path, Answer(status=401)) as here:
        secret = here.server.url.replace("//", "//me:p%40ss@")
        with pytest.raises(NetworkError) as caught:
            here.acquirer.fetch_bytes(secret + NAME, limit=SIZE)
        assert "p%40ss" not in f"{caught.value}{caught.value.url}{caught.value.hint}"
        assert here.server.requests[0].headers["authorization"] == "Basic bWU6cEBzcw=="
        assert here.blob() == DATA
        assert here.server.requests[1].headers["authorization"] == "Basic bWU6cEBzcw=="


def test_what_is_sent(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.document()
        headers = dict(here.server.requests[0].headers)
        assert headers.pop("user-agent").startswith("pkg2image/")
        assert headers.pop("host") in here.server.url
        assert headers == {
            "accept": "*/*",
            "accept-encoding": "identity",
            "cache-control": "no-cache",
            "pragma": "no-cache",
        }


def test_cookies_are_forgotten(tmp_path: Path) -> None:
    with world(tmp_path, Answer(headers={"Set-Cookie": "id=1"})) as here:
        here.blob()
        here.document()
        assert "cookie" not in here.server.requests[1].headers


# Proxies


def test_proxy_is_used_and_told_nothing_it_need_not_know(tmp_path: Path) -> None:
    address = "http://archive.example/debian/file"
    with serve({address: DATA}) as proxy:
        environment = {"http_proxy": proxy.url.replace("//", "//user:secret@")}
        acquirer = Acquirer(transport_for(environment), patience=Clock().patience())
        assert acquirer.fetch_bytes(address, limit=SIZE) == DATA
        assert proxy.requests[0].headers["proxy-authorization"] == "Basic dXNlcjpzZWNyZXQ="


def test_proxy_that_is_down_is_named_without_its_password() -> None:
    transport = transport_for({"HTTP_PROXY": "http://user:secret@127.0.0.1:1"})
    with pytest.raises(NetworkError, match=r"the proxy http://127.0.0.1:1 does not do its work") as caught:
        Acquirer(transport, patience=Clock().patience(retries=0)).fetch_bytes("http://archive.example/x", limit=SIZE)
    assert "secret" not in str(caught.value)


PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        pytest.param({}, "http://a.example/", None, id="none"),
        pytest.param({"http_proxy": PROXY}, "http://a.example/", PROXY, id="http"),
        pytest.param({"http_proxy": PROXY}, "https://a.example/", None, id="not for https"),
        pytest.param({"https_proxy": PROXY}, "https://a.example/", PROXY, id="https"),
        pytest.param({"ALL_PROXY": PROXY}, "https://a.example/", PROXY, id="all"),
        pytest.param({"http_proxy": "", "HTTP_PROXY": PROXY}, "http://a.example/", PROXY, id="empty is unset"),
        pytest.param({"http_proxy": "proxy.example:3128"}, "http://a.example/", PROXY, id="without a scheme"),
        pytest.param({"http_proxy": PROXY, "no_proxy": "*"}, "http://a.example/", None, id="no proxy at all"),
        pytest.param({"http_proxy": PROXY, "no_proxy": "b.example, example"}, "http://a.example/", None, id="domain"),
        pytest.param({"http_proxy": PROXY, "no_proxy": ".example"}, "http://a.example/", None, id="dotted domain"),
        pytest.param({"http_proxy": PROXY, "no_proxy": "ple"}, "http://a.example/", PROXY, id="part of a label"),
        pytest.param({"http_proxy": PROXY, "NO_PROXY": "A.EXAMPLE:80"}, "http://a.example/", None, id="port"),
        pytest.param({"http_proxy": PROXY, "no_proxy": "a.example:81"}, "http://a.example/", PROXY, id="other port"),
        pytest.param({"http_proxy": PROXY, "no_proxy": "10.0.0.0/8"}, "http://10.1.2.3/", None, id="network"),
        pytest.param({"http_proxy": PROXY, "no_proxy": "10.0.0.0/8"}, "http://11.1.2.3/", PROXY, id="other network"),
        pytest.param({"http_proxy": PROXY, "no_proxy": "[::1]:80"}, "http://[::1]/", None, id="IPv6"),
    ],
)
def test_choice_of_proxy(environment: Mapping[str, str], url: str, proxy: str | None) -> None:
    assert Proxies.from_environment(environment).for_url(url) == proxy
