"""How bytes of an address arrive: what every transport offers, and the one for directories of this machine.

A transport makes one attempt and knows nothing of sizes, hashes or retries; `pkg2image.archive.acquire` judges what
arrives. The transport for HTTP is `pkg2image.archive.http_transport`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

from pkg2image.errors import NetworkError, OutputError

_CHUNK = 1 << 16


class TransientError(NetworkError):
    """A failure that may be gone in a moment: a lost connection, a busy server, silence.

    Args:
        message: What cannot be downloaded and why.
        url: The address, without credentials.
        status: The HTTP status when there was an answer.
        hint: What to do next.
        retry_after: Seconds that the server asks to wait, when it says so.
    """

    def __init__(
        self,
        message: str,
        *,
        url: str = "",
        status: int | None = None,
        hint: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, url=url, status=status, hint=hint)
        self.retry_after = retry_after


class Download(Protocol):
    """An answer whose body has not been read yet."""

    @property
    def url(self) -> str:
        """Where the body comes from after redirects, without credentials."""
        ...

    @property
    def status(self) -> int:
        """The HTTP status: 200 or 206 with a body that was asked for, or what the server says instead."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Header fields, names in lower case."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives, exactly as it was sent.

        Raises:
            TransientError: When the connection is lost or stalls.
        """
        ...


class Transport(Protocol):
    """Opens addresses. Used from several threads at once."""

    def open(self, url: str, *, offset: int = 0, fresh: bool = False) -> AbstractContextManager[Download]:
        """Make one attempt to open an address.

        Args:
            url: May hold a user name and password.
            offset: How many bytes to leave out at the start; the answer need not honour it.
            fresh: Ask caches on the way not to answer from memory.

        Raises:
            NetworkError: When there is no answer; `TransientError` when trying again may help.
        """
        ...


def public_url(url: str) -> str:
    """Return an address without the user name and password, fit to be shown."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


class SchemeTransport:
    """Hands each address to the transport of its scheme.

    Args:
        transports: Scheme in lower case -> transport.
    """

    def __init__(self, transports: Mapping[str, Transport]) -> None:
        self._transports = dict(transports)

    def open(self, url: str, *, offset: int = 0, fresh: bool = False) -> AbstractContextManager[Download]:
        """Open an address; see `Transport.open`."""
        scheme = urlsplit(url).scheme
        transport = self._transports.get(scheme)
        if transport is None:
            raise NetworkError(
                f"cannot download {public_url(url)}: no way to read {scheme or 'such an address'}",
                url=public_url(url),
                hint=f"use one of {', '.join(sorted(self._transports))}",
            )
        return transport.open(url, offset=offset, fresh=fresh)


class FileTransport:
    """Reads ``file:`` addresses: repositories in a directory of this machine."""

    def open(self, url: str, *, offset: int = 0, fresh: bool = False) -> AbstractContextManager[Download]:  # noqa: ARG002
        """Open a regular file; a missing one is answered like a missing page, with status 404."""
        parts = urlsplit(url)
        if parts.netloc not in {"", "localhost"}:
            raise NetworkError(
                f"cannot read {public_url(url)}: it names the host {parts.hostname}", url=public_url(url)
            )
        return _LocalFile(url, Path(unquote(parts.path, errors="surrogateescape")), offset)


class _LocalFile:
    """A `Download` that is a file of this machine."""

    def __init__(self, url: str, path: Path, offset: int) -> None:
        self.url = url
        self.status = 200
        self.headers: Mapping[str, str] = {}
        self._offset = offset
        try:
            # A FIFO or a device in the place of an index must not hang the run: it is opened without waiting.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            self.status = 404
            self._stream = None
            return
        except (OSError, ValueError) as error:
            raise OutputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
        details = os.fstat(descriptor)
        if not stat.S_ISREG(details.st_mode):
            os.close(descriptor)
            raise NetworkError(f"cannot read {path}: not a regular file", url=url)
        self._stream = os.fdopen(descriptor, "rb")
        self.headers = {"content-length": str(max(0, details.st_size - offset))}
        if offset:
            self.status = 206
            self.headers["content-range"] = f"bytes {offset}-{details.st_size - 1}/{details.st_size}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def chunks(self) -> Iterator[bytes]:
        """Yield the content from the offset on."""
        if self._stream is None:
            return
        try:
            self._stream.seek(self._offset)
            while chunk := self._stream.read(_CHUNK):
                yield chunk
        except OSError as error:
            raise NetworkError(f"cannot read {self.url}: {error.strerror}", url=self.url) from error
