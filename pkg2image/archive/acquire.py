"""Downloads that are complete and right, or an error: retries, resumption, limits and hashes.

Whatever a server or a proxy sends, nothing reaches the store unless its size and hash are those that a signed
document names, and nothing is read beyond them.

Spec: RFC 9110 "Range Requests", "Retry-After"; design section on reliability.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from pkg2image.archive.http_transport import HttpTransport
from pkg2image.archive.proxies import Proxies
from pkg2image.archive.transport import (
    Download,
    FileTransport,
    SchemeTransport,
    TransientError,
    Transport,
    public_url,
)
from pkg2image.digest import Digest
from pkg2image.errors import NetworkError, Pkg2ImageError, TrustError
from pkg2image.progress import Reporter, Silence
from pkg2image.store import Blob, BlobWriter, Store

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})
_MAX_RETRY_AFTER = 60.0
_FIRST_PAUSE = 0.5
_PACE_SECONDS = 30.0
_PACE_BYTES = 30 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII)
_LOGIN_HINT = "a network that wants a login, or a proxy, may have put its own page there; open the address in a browser"
_MIRROR_HINT = "a proxy or mirror serves something else or an old copy; try again later or use another mirror"


def transport_for(environment: Mapping[str, str], *, ca_bundle: Path | None = None) -> Transport:
    """Return the transport for every kind of source.

    Args:
        environment: Where ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy`` are looked up.
        ca_bundle: PEM file of the authorities that TLS certificates are checked against; None means the default.
    """
    http = HttpTransport(proxies=Proxies.from_environment(environment), ca_bundle=ca_bundle)
    return SchemeTransport({"http": http, "https": http, "file": FileTransport()})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a download is tried.

    Args:
        retries: How often it is tried again after the first time.
        deadline: Seconds for one file, all attempts and pauses included.
        sleep: Waits for some seconds.
        clock: Returns seconds that only grow.
        jitter: Returns a number from 0 to 1, so that many clients do not come back at once.
    """

    retries: int = 4
    deadline: float = 3600.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


class Acquirer:
    """Fetches documents and blobs. Used from several threads at once.

    Args:
        transport: Makes single attempts.
        reporter: Told about every byte of a blob as it arrives.
        patience: How long a download is tried.
    """

    def __init__(
        self, transport: Transport, *, reporter: Reporter | None = None, patience: Patience | None = None
    ) -> None:
        self._transport = transport
        self._reporter = reporter or Silence()
        self._patience = patience or Patience()

    def rest(self, seconds: float) -> None:
        """Wait before something is asked for again that came, but not as it should."""
        self._patience.sleep(seconds)

    def fetch_bytes(self, url: str, *, limit: int) -> bytes:
        """Fetch a document that is judged by what is in it, such as a Release file; caches on the way are bypassed.

        Args:
            url: May hold credentials.
            limit: The most bytes that are accepted.

        Raises:
            NetworkError: When it cannot be had or is too large; ``status`` is 404 when it is not there.
        """
        attempts = _Attempts(self._patience)
        while True:
            try:
                with self._transport.open(url, fresh=True) as download:
                    _check_status(download, offset=0)
                    return _read_document(download, limit, attempts)
            except TransientError as error:
                attempts.pause_after(error)

    def fetch_blob(self, urls: str | Sequence[str], store: Store, *, digest: Digest, size: int) -> Blob:
        """Fetch a file of known size and hash into the store.

        Args:
            urls: Where it can be had, best first; the next one is tried when one fails.
            store: Where it goes.
            digest: What it must hash to.
            size: Its length in bytes.

        Raises:
            NetworkError: When it cannot be had anywhere; ``status`` is 404 when no server has it.
            TrustError: When what a server sends has another size or hash, even past all caches.
        """
        failures: list[Pkg2ImageError] = []
        for url in (urls,) if isinstance(urls, str) else urls:
            try:
                return _BlobTransfer(url, self._transport, self._reporter, _Attempts(self._patience), digest, size).run(
                    store
                )
            except (NetworkError, TrustError) as error:
                failures.append(error)
        raise _most_telling(failures, digest)


def _most_telling(failures: Sequence[Pkg2ImageError], digest: Digest) -> Pkg2ImageError:
    """Choose what to report when every address failed: wrong content before trouble before absence."""
    if not failures:
        return NetworkError(f"cannot download {digest}: no source offers it")

    def rank(error: Pkg2ImageError) -> int:
        if isinstance(error, TrustError):
            return 0
        return 2 if isinstance(error, NetworkError) and error.status in _GONE else 1

    return min(failures, key=rank)


class _Attempts:
    """Counts failures and time of one file, and waits between attempts."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._failures = 0
        self._end = patience.clock() + patience.deadline
        self._window_end = 0.0
        self._window_bytes = 0

    def begin(self) -> None:
        """Start to watch the pace of one answer."""
        self._window_end = self._patience.clock() + _PACE_SECONDS
        self._window_bytes = 0

    def received(self, amount: int, url: str) -> None:
        """Note that bytes arrived.

        Raises:
            NetworkError: When the time for this file is over.
            TransientError: When the server sends next to nothing.
        """
        self._window_bytes += amount
        now = self._patience.clock()
        if now > self._end:
            raise NetworkError(
                f"cannot download {url}: not complete after {self._patience.deadline:.0f} seconds", url=url
            )
        if now > self._window_end:
            if self._window_bytes < _PACE_BYTES:
                raise TransientError(f"cannot download {url}: less than 1 KiB per second arrives", url=url)
            self.begin()

    def pause_after(self, error: TransientError) -> None:
        """Wait before the next attempt.

        Raises:
            NetworkError: The error itself, when there is no next attempt.
        """
        patience = self._patience
        pause = _FIRST_PAUSE * 2**self._failures * (0.5 + patience.jitter())
        if error.retry_after is not None:
            pause = max(pause, min(error.retry_after, _MAX_RETRY_AFTER))
        self._failures += 1
        if self._failures > patience.retries or patience.clock() + pause > self._end:
            times = f"{self._failures} attempts" if self._failures > 1 else "1 attempt"
            raise NetworkError(
                f"{error.message} ({times})", url=error.url, status=error.status, hint=error.hint
            ) from error
        patience.sleep(pause)


class _RestartError(Exception):
    """What arrived so far cannot be continued; internal to this module."""


@dataclass(slots=True)
class _BlobTransfer:
    """One file on its way from one address into the store."""

    url: str
    transport: Transport
    reporter: Reporter
    attempts: _Attempts
    digest: Digest
    size: int
    reported: int = 0
    fresh: bool = False

    @property
    def shown(self) -> str:
        return public_url(self.url)

    def run(self, store: Store) -> Blob:
        """Download until the file is complete and right, from the start as often as it must be."""
        while True:
            try:
                return self._run_once(store)
            except _RestartError:
                continue
            except TrustError:
                # A cache on the way may hold an old or damaged copy: ask once more, past all caches.
                if self.fresh:
                    raise
                self.fresh = True

    def _run_once(self, store: Store) -> Blob:
        with store.writer() as writer:
            check = None if self.digest.algorithm == "sha256" else hashlib.new(self.digest.algorithm)
            received = 0
            while received < self.size:
                try:
                    for chunk in self._open(received):
                        writer.write(chunk)
                        if check is not None:
                            check.update(chunk)
                        received += len(chunk)
                        self._report(received)
                except TransientError as error:
                    self.attempts.pause_after(error)
            return self._commit(writer, check.hexdigest() if check is not None else writer.hexdigest())

    def _open(self, offset: int) -> Iterator[bytes]:
        """Yield what follows the first `offset` bytes, never more than the size.

        Raises:
            TransientError: When trying again may help.
            TrustError: When the answer is certainly not the file that was asked for.
            _RestartError: When the server cannot or will not continue at the offset.
        """
        with self.transport.open(self.url, offset=offset, fresh=self.fresh) as download:
            if offset and not _continues(download, offset, self.size):
                raise _RestartError
            _check_status(download, offset=offset)
            declared = _content_length(download)
            if declared is not None and declared != self.size - offset:
                raise self._wrong(f"it is {declared + offset} bytes long, expected {self.size}", download)
            self.attempts.begin()
            position = offset
            for chunk in download.chunks():
                position += len(chunk)
                if position > self.size:
                    raise self._wrong(f"it is longer than the expected {self.size} bytes", download)
                self.attempts.received(len(chunk), self.shown)
                yield chunk
            if position < self.size:
                raise _cut_off(self.shown, position, self.size)

    def _commit(self, writer: BlobWriter, actual: str) -> Blob:
        if actual != self.digest.hex:
            raise self._wrong(f"its {self.digest.algorithm} is {actual}, expected {self.digest.hex}")
        return writer.commit()

    def _wrong(self, reason: str, download: Download | None = None) -> TrustError:
        is_page = download is not None and download.headers.get("content-type", "").startswith("text/html")
        return TrustError(f"cannot trust {self.shown}: {reason}", hint=_LOGIN_HINT if is_page else _MIRROR_HINT)

    def _report(self, received: int) -> None:
        """Tell the reporter about new bytes, but not about those that come for a second time."""
        if received > self.reported:
            self.reporter.advance(received - self.reported)
            self.reported = received


def _continues(download: Download, offset: int, size: int) -> bool:
    """Say whether an answer is exactly the rest of the file; a busy or absent server is judged elsewhere."""
    if download.status in {200, 416}:
        return False
    if download.status != 206:
        return True
    match = _CONTENT_RANGE.fullmatch(download.headers.get("content-range", ""))
    return match is not None and (int(match[1]), int(match[2]), int(match[3])) == (offset, size - 1, size)


def _content_length(download: Download) -> int | None:
    text = download.headers.get("content-length", "")
    # The length of an encoded or chunked body says nothing about the file.
    if "transfer-encoding" in download.headers or not text.isdigit() or len(text) > 15:
        return None
    return int(text)


def _cut_off(url: str, received: int, size: int) -> TransientError:
    return TransientError(f"cannot download {url}: the connection ended after {received} of {size} bytes", url=url)


def _check_status(download: Download, *, offset: int) -> None:
    """Turn everything but the wanted answer into an error."""
    status, url = download.status, download.url
    if status == (206 if offset else 200):
        return
    message = f"cannot download {url}"
    if status in _BUSY:
        raise TransientError(
            f"{message}: the server is busy or out of order (HTTP {status})",
            url=url,
            status=status,
            hint="try again later or use another mirror",
            retry_after=_retry_after(download),
        )
    reason, hint = {
        401: ("it needs a user name and password", "write them into the source: https://USER:PASSWORD@HOST/"),
        403: ("the server forbids it", "check that this machine may use the mirror, or use another one"),
        404: ("it is not there", "check the suite and the address of the mirror"),
        407: ("the proxy needs a user name and password", "set http_proxy=http://USER:PASSWORD@HOST:PORT/"),
        410: ("it is not there any more", "check the suite and the address of the mirror"),
    }.get(status, ("the server does not answer as it should", "use another mirror"))
    raise NetworkError(f"{message}: {reason} (HTTP {status})", url=url, status=status, hint=hint)


def _retry_after(download: Download) -> float | None:
    """Return the seconds to wait; a date counts from the Date of the answer, so that our clock does not matter."""
    text = download.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text[:9])
    try:
        wanted = parsedate_to_datetime(text)
        return max(0.0, (wanted - parsedate_to_datetime(download.headers.get("date", ""))).total_seconds())
    except (ValueError, TypeError):
        return None


def _read_document(download: Download, limit: int, attempts: _Attempts) -> bytes:
    url = download.url
    encoding = download.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise NetworkError(f"cannot download {url}: it comes encoded as {encoding[:40]!r}, unasked", url=url)
    declared = _content_length(download)
    body = bytearray()
    attempts.begin()
    for chunk in download.chunks():
        attempts.received(len(chunk), url)
        body += chunk
        if len(body) > limit:
            raise NetworkError(f"cannot download {url}: it is larger than {limit} bytes", url=url, hint=_LOGIN_HINT)
    if declared is not None and len(body) != declared:
        raise _cut_off(url, len(body), declared)
    if body.lstrip()[:1] == b"<":
        raise NetworkError(f"cannot download {url}: a web page came instead", url=url, hint=_LOGIN_HINT)
    return bytes(body)
