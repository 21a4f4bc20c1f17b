"""Downloads over a transport that answers as a test tells it: retries, resumption, limits, hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.transport import TransientError
from pkg2image.digest import Digest, sha256
from pkg2image.errors import NetworkError, OutputError, Pkg2ImageError, TrustError
from pkg2image.store import Store
from tests.support.patience import Clock

URL = "http://archive.example/file"
DATA = bytes(range(256)) * 40
SIZE = len(DATA)
HALF = SIZE // 2


@dataclass(frozen=True)
class Reply:
    """One answer: a body that may end in a lost connection, or no answer at all."""

    body: bytes = DATA
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False
    unreachable: bool = False
    url: str = URL

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), 1000):
            yield self.body[start : start + 1000]
        if self.lost:
            raise TransientError(f"cannot download {URL}: lost", url=URL)


@dataclass
class Script:
    """A transport that gives its replies in order and keeps what was asked."""

    replies: list[Reply]
    asked: list[tuple[str, int, bool]] = field(default_factory=list)

    def open(self, url: str, *, offset: int = 0, fresh: bool = False) -> Reply:
        self.asked.append((url, offset, fresh))
        reply = self.replies.pop(0)
        if reply.unreachable:
            raise TransientError(f"cannot download {URL}: nobody there", url=URL)
        return reply

    @property
    def offsets(self) -> list[int]:
        return [offset for _, offset, _ in self.asked]


@dataclass
class Counter:
    """A reporter that adds up."""

    done: int = 0

    def step(self, title: str, total: int = 0) -> None: ...

    def advance(self, amount: int) -> None:
        assert amount > 0
        self.done += amount

    def note(self, text: str) -> None: ...


LOST_AT_HALF = Reply(DATA[:HALF], lost=True)
REST = Reply(DATA[HALF:], 206, {"content-range": f"bytes {HALF}-{SIZE - 1}/{SIZE}"})
LAST_BYTE = Reply(DATA[-1:], 206, {"content-range": f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}"})
UNREACHABLE = Reply(unreachable=True)


def fetch(tmp_path: Path, *replies: Reply, clock: Clock | None = None, digest: Digest | None = None) -> Script:
    """Fetch DATA from a transport with these replies, and check what arrived and what was reported."""
    script, counter, store = Script(list(replies)), Counter(), Store(tmp_path)
    acquirer = Acquirer(script, reporter=counter, patience=(clock or Clock()).patience())
    blob = acquirer.fetch_blob(URL, store, digest=digest or sha256(DATA), size=SIZE)
    with store.open(blob.digest) as stream:
        assert stream.read() == DATA
    assert counter.done == SIZE
    return script


@pytest.mark.parametrize(
    ("replies", "offsets"),
    [
        pytest.param([Reply()], [0], id="at once"),
        pytest.param([UNREACHABLE, Reply()], [0, 0], id="nobody there at first"),
        pytest.param([LOST_AT_HALF, REST], [0, HALF], id="resumed"),
        pytest.param([Reply(DATA[:HALF]), REST], [0, HALF], id="silently cut off, resumed"),
        pytest.param([Reply(b"", lost=True), Reply()], [0, 0], id="lost before the first byte"),
        pytest.param([Reply(DATA[:-1]), LAST_BYTE], [0, SIZE - 1], id="cut off before the last byte"),
        pytest.param([LOST_AT_HALF, Reply(), Reply()], [0, HALF, 0], id="200 to a Range starts again"),
        pytest.param([LOST_AT_HALF, Reply(b"", 416), Reply()], [0, HALF, 0], id="416 starts again"),
        pytest.param([LOST_AT_HALF, Reply(DATA[HALF:], 206), Reply()], [0, HALF, 0], id="206 without Content-Range"),
        pytest.param(
            [LOST_AT_HALF, Reply(DATA[1:], 206, {"content-range": f"bytes 1-{SIZE - 1}/{SIZE}"}), Reply()],
            [0, HALF, 0],
            id="206 from another offset",
        ),
        pytest.param(
            [LOST_AT_HALF, Reply(DATA[HALF:], 206, {"content-range": f"bytes {HALF}-{SIZE - 1}/{SIZE + 1}"}), Reply()],
            [0, HALF, 0],
            id="206 of a file of another size",
        ),
        pytest.param([LOST_AT_HALF, Reply(b"", 503), REST], [0, HALF, HALF], id="busy while resuming"),
        pytest.param([Reply(b"x" * SIZE), Reply()], [0, 0], id="a stale cache on the way"),
        pytest.param([Reply(DATA + b"x"), Reply()], [0, 0], id="longer than declared"),
        pytest.param([Reply(headers={"content-length": "3"}), Reply()], [0, 0], id="says that it is another size"),
    ],
)  # fmt: skip
def test_blob_arrives_whole(tmp_path: Path, replies: list[Reply], offsets: list[int]) -> None:
    assert fetch(tmp_path, *replies).offsets == offsets


def test_only_the_second_request_after_wrong_content_bypasses_caches(tmp_path: Path) -> None:
    script = fetch(tmp_path, Reply(b"x" * SIZE), Reply())
    assert [fresh for _, _, fresh in script.asked] == [False, True]


def test_sha512_is_enough(tmp_path: Path) -> None:
    digest = Digest("sha512", hashlib.sha512(DATA).hexdigest())
    assert fetch(tmp_path, Reply(), digest=digest).offsets == [0]
    with pytest.raises(TrustError, match="its sha512 is"):
        fetch(tmp_path, Reply(b"x" * SIZE), Reply(b"x" * SIZE), digest=digest)


def test_empty_file_needs_no_request(tmp_path: Path) -> None:
    script = Script([])
    blob = Acquirer(script).fetch_blob(URL, Store(tmp_path), digest=sha256(b""), size=0)
    assert (blob.size, script.asked) == (0, [])


def test_pauses_grow_and_the_last_error_is_told(tmp_path: Path) -> None:
    clock = Clock()
    with pytest.raises(NetworkError, match=r"nobody there \(5 attempts\)"):
        fetch(tmp_path, *[UNREACHABLE] * 5, clock=clock)
    assert clock.pauses == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after": "100000"}, 60.0, id="capped"),
        pytest.param({"retry-after": "0"}, 0.5, id="never less than our own pause"),
        pytest.param({"retry-after": "soon"}, 0.5, id="nonsense"),
        pytest.param({"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"}, 0.5, id="a date without a date to count from"),
        pytest.param(
            {"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT", "date": "Tue, 14 Nov 2023 22:13:20 GMT"}, 10.0, id="a date"
        ),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(tmp_path: Path, status: int, headers: Mapping[str, str], pause: float) -> None:
    clock = Clock()
    fetch(tmp_path, Reply(b"", status, headers), Reply(), clock=clock)
    assert clock.pauses == [pause]


def test_deadline_covers_pauses(tmp_path: Path) -> None:
    clock = Clock()
    acquirer = Acquirer(Script([Reply(b"", 503, {"retry-after": "60"})] * 9), patience=clock.patience(deadline=100))
    with pytest.raises(NetworkError, match="2 attempts"):
        acquirer.fetch_blob(URL, Store(tmp_path), digest=sha256(DATA), size=SIZE)
    assert clock.pauses == [60.0]


def test_deadline_covers_a_body_that_never_ends() -> None:
    clock = Clock(step=20)
    acquirer = Acquirer(Script([Reply()] * 9), patience=clock.patience(deadline=100))
    with pytest.raises(NetworkError, match="not complete after 100 seconds"):
        acquirer.fetch_bytes(URL, limit=SIZE)


def test_server_that_drips_is_left() -> None:
    script = Script([Reply()] * 5)
    with pytest.raises(NetworkError, match=r"less than 1 KiB per second arrives \(5 attempts\)"):
        Acquirer(script, patience=Clock(step=20).patience()).fetch_bytes(URL, limit=SIZE)


@pytest.mark.parametrize(
    ("reply", "message", "hint"),
    [
        pytest.param(Reply(b"", 401), "user name and password", "https://USER:PASSWORD@HOST/", id="401"),
        pytest.param(Reply(b"", 403), "forbids", "another", id="403"),
        pytest.param(Reply(b"", 404), "not there", "mirror", id="404"),
        pytest.param(Reply(b"", 407), "the proxy needs", "http_proxy", id="407"),
        pytest.param(Reply(b"", 410), "not there any more", "mirror", id="410"),
        pytest.param(Reply(b"", 418), "HTTP 418", "mirror", id="418"),
        pytest.param(Reply(DATA, 206), "HTTP 206", "mirror", id="a part that nobody asked for"),
    ],
)
def test_refusals_are_final_and_say_what_to_do(tmp_path: Path, reply: Reply, message: str, hint: str) -> None:
    script = Script([reply, reply])
    for call in (
        lambda: Acquirer(script).fetch_blob(URL, Store(tmp_path), digest=sha256(DATA), size=SIZE),
        lambda: Acquirer(script).fetch_bytes(URL, limit=SIZE),
    ):
        with pytest.raises(NetworkError, match=message) as caught:
            call()
        assert hint in (caught.value.hint or "")
        assert caught.value.status == reply.status
    assert script.replies == []


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(Reply(b"x" * SIZE), "its sha256 is", id="wrong bytes"),
        pytest.param(Reply(DATA + b"x"), f"longer than the expected {SIZE}", id="too long"),
        pytest.param(
            Reply(headers={"content-length": "12"}), f"12 bytes long, expected {SIZE}", id="declared too short"
        ),
    ],
)
def test_wrong_content_is_never_stored(tmp_path: Path, reply: Reply, message: str) -> None:
    script, store = Script([reply, reply]), Store(tmp_path)
    with pytest.raises(TrustError, match=message) as caught:
        Acquirer(script).fetch_blob(URL, store, digest=sha256(DATA), size=SIZE)
    assert URL in caught.value.message
    assert script.replies == []
    assert (store.usage().blobs.count, store.usage().temporary.count) == (0, 0)


def test_login_page_is_recognised(tmp_path: Path) -> None:
    page = Reply(b"<html>log in", headers={"content-type": "text/html; charset=utf-8", "content-length": "12"})
    with pytest.raises(TrustError) as caught:
        Acquirer(Script([page, page])).fetch_blob(URL, Store(tmp_path), digest=sha256(DATA), size=SIZE)
    assert "login" in (caught.value.hint or "")
    with pytest.raises(NetworkError, match="a web page came instead"):
        Acquirer(Script([page])).fetch_bytes(URL, limit=SIZE)


OTHER = "http://other.example/file"


@pytest.mark.parametrize(
    ("replies", "kind", "status"),
    [
        pytest.param([Reply(b"", 404), Reply()], None, None, id="the first has it not"),
        pytest.param([*[UNREACHABLE] * 5, Reply()], None, None, id="the first is down"),
        pytest.param([Reply(b"x" * SIZE)] * 2 + [Reply()], None, None, id="the first lies"),
        pytest.param([Reply(b"", 404), Reply(b"", 404)], NetworkError, 404, id="nobody has it"),
        pytest.param([Reply(b"", 403), Reply(b"", 404)], NetworkError, 403, id="trouble is told before absence"),
        pytest.param([Reply(b"", 404)] + [Reply(b"x" * SIZE)] * 2, TrustError, None, id="lies are told before absence"),
    ],
)
def test_addresses_are_tried_in_order(
    tmp_path: Path, replies: list[Reply], kind: type[Pkg2ImageError] | None, status: int | None
) -> None:
    script = Script(replies)
    acquirer = Acquirer(script, patience=Clock().patience())
    if kind is None:
        acquirer.fetch_blob([URL, OTHER], Store(tmp_path), digest=sha256(DATA), size=SIZE)
        assert script.asked[-1][0] == OTHER
    else:
        with pytest.raises(kind) as caught:
            acquirer.fetch_blob([URL, OTHER], Store(tmp_path), digest=sha256(DATA), size=SIZE)
        assert getattr(caught.value, "status", None) == status


def test_document_is_fetched_past_caches_and_retried() -> None:
    script = Script([LOST_AT_HALF, Reply(DATA[:HALF], headers={"content-length": str(SIZE)}), Reply()])
    assert Acquirer(script, patience=Clock().patience()).fetch_bytes(URL, limit=SIZE) == DATA
    assert script.asked == [(URL, 0, True)] * 3


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(Reply(DATA + b"x"), f"larger than {SIZE} bytes", id="too large"),
        pytest.param(Reply(headers={"content-encoding": "gzip"}), "encoded as 'gzip'", id="encoded"),
        pytest.param(Reply(b"\n <!DOCTYPE html>"), "a web page", id="page without a type"),
    ],
)
def test_document_that_cannot_be_one(reply: Reply, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        Acquirer(Script([reply])).fetch_bytes(URL, limit=SIZE)


def test_files_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "a b+c").write_bytes(DATA)
    acquirer = Acquirer(transport_for({}))
    url = f"file://{tmp_path}/a%20b+c"
    assert acquirer.fetch_bytes(url, limit=SIZE) == DATA
    assert acquirer.fetch_blob(url, Store(tmp_path / "store"), digest=sha256(DATA), size=SIZE).size == SIZE
    with transport_for({}).open(url, offset=HALF) as rest:
        assert (rest.status, b"".join(rest.chunks())) == (206, DATA[HALF:])
    with pytest.raises(NetworkError) as caught:
        acquirer.fetch_bytes(f"file://{tmp_path}/missing/file", limit=SIZE)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        pytest.param("file:///dev/null", NetworkError, "not a regular file", id="device"),
        pytest.param("file:///", NetworkError, "not a regular file", id="directory"),
        pytest.param("file://elsewhere/etc/hosts", NetworkError, "names the host elsewhere", id="host"),
        pytest.param("file:///etc/%00", OutputError, "cannot read", id="NUL"),
        pytest.param("ftp://me:secret@archive.example/x", NetworkError, "ftp://archive.example/x", id="scheme"),
        pytest.param("http://archive.example:port/x", NetworkError, "not usable", id="port"),
        pytest.param("http:///x", NetworkError, "not usable", id="no host"),
        pytest.param("http://archive.example/a b", NetworkError, "not usable", id="blank"),
    ],
)
def test_addresses_that_cannot_be_read(url: str, kind: type[Pkg2ImageError], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        Acquirer(transport_for({})).fetch_bytes(url, limit=SIZE)
    assert "secret" not in str(caught.value)
