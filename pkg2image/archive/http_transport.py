"""Downloads over HTTP and HTTPS, one attempt at a time.

Redirects are followed here by our own rules and not by those of the HTTP library: at most five, no address with
control characters, never from https to http, and no credentials for another host. Nothing is read from the
environment or from ``.netrc``; proxies and the bundle of authorities are handed in.

Spec: RFC 9110 "Redirection 3xx", "Range Requests"; rule 9 of the trust policy.
"""

from __future__ import annotations

import re
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from pkg2image import __version__
from pkg2image.archive.proxies import Proxies
from pkg2image.archive.transport import Download, TransientError, public_url
from pkg2image.errors import NetworkError

# The library costs a tenth of a second to import: only runs that really download pay for it.
if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f]")
_NETWORK_HINT = "check the network connection, the proxy settings and the address of the mirror"


@dataclass(frozen=True, slots=True)
class _Address:
    """An address taken apart: what is asked for, and the value of the header that logs in to its host, or nothing."""

    url: str
    credentials: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Take an address apart.

        Raises:
            NetworkError: When it is none.
        """
        try:
            usable = bool(urlsplit(url).hostname) and urlsplit(url).port != 0 and _FORBIDDEN.search(url) is None
        except ValueError:
            usable = False
        if not usable:
            raise NetworkError(f"cannot download {public_url(url)}: the address is not usable", hint=_NETWORK_HINT)
        user, colon, password = urlsplit(url).netloc.rpartition("@")[0].partition(":")
        if not user and not colon:
            return cls(url)
        word = b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        return cls(public_url(url), f"Basic {word}")

    @property
    def site(self) -> tuple[str, str, int]:
        """Scheme, host and port: what credentials are good for."""
        parts = urlsplit(self.url)
        return (parts.scheme, *_host(parts))

    def follow(self, location: str) -> _Address:
        """Return the address that a redirect leads to.

        Raises:
            NetworkError: When the redirect breaks a rule.
        """
        # HTTP libraries hand on header values as Latin-1; a raw non-ASCII character is as suspect as a line break.
        if _FORBIDDEN.search(location) or not location.isascii():
            raise self._refuse("to an address with control characters or blanks")
        here = urlsplit(self.url)
        try:
            there = urlsplit(urljoin(self.url, location))
            same_host = _host(here) == _host(there) or _is_upgrade(here, there)
        except ValueError:
            raise self._refuse("to something that is not an address") from None
        if there.scheme not in _PORTS or not there.hostname:
            raise self._refuse(f"to {there.scheme or 'nothing'}, which is not http or https")
        if here.scheme == "https" and there.scheme == "http":
            raise self._refuse("from https to http")
        return _Address(public_url(urlunsplit(there._replace(fragment=""))), self.credentials if same_host else "")

    def _refuse(self, reason: str) -> NetworkError:
        return NetworkError(f"cannot download {self.url}: it redirects {reason}", url=self.url)


def _host(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _is_upgrade(here: SplitResult, there: SplitResult) -> bool:
    return _host(here) == (there.hostname, 80) and there.scheme == "https" and _host(there)[1] == _PORTS["https"]


class HttpTransport:
    """Downloads with requests; connections are kept open and shared by all threads.

    Args:
        proxies: Which proxy to use for what.
        ca_bundle: PEM file of the authorities that certificates are checked against; None means requests' default.
        connect_seconds: How long a connection may take to be made.
        read_seconds: How long a server may be silent.
    """

    def __init__(
        self,
        *,
        proxies: Proxies | None = None,
        ca_bundle: Path | None = None,
        connect_seconds: float = 20,
        read_seconds: float = 30,
    ) -> None:
        self._proxies = proxies or Proxies()
        self._ca_bundle = ca_bundle
        self._timeout = (connect_seconds, read_seconds)
        self._lock = threading.Lock()
        self._opened: requests.Session | None = None
        self._credentials: dict[tuple[str, str, int], str] = {}

    def open(self, url: str, *, offset: int = 0, fresh: bool = False) -> AbstractContextManager[Download]:
        """Open an address and follow its redirects; see `Transport.open`.

        Raises:
            NetworkError: When there is no answer or a redirect is not acceptable.
        """
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if fresh:
            headers |= {"Cache-Control": "no-cache", "Pragma": "no-cache"}
        address = start = self._log_in(_Address.parse(url))
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._send(address, headers)
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or not location:
                return _HttpDownload(response, address.url)
            response.close()
            address = self._log_in(address.follow(location))
        raise NetworkError(f"cannot download {start.url}: it redirects more than {_MAX_REDIRECTS} times", url=start.url)

    def _log_in(self, address: _Address) -> _Address:
        """Use the credentials that were last given for a site for everything else on it, as browsers do.

        The addresses of packages come from plans, and plans never hold a password.
        """
        if address.credentials:
            self._credentials[address.site] = address.credentials
        return replace(address, credentials=self._credentials.get(address.site, ""))

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _session(self) -> requests.Session:
        with self._lock:
            if self._opened is None:
                self._opened = _new_session(self._ca_bundle)
            return self._opened

    def _send(self, address: _Address, headers: Mapping[str, str]) -> requests.Response:
        session = self._session()
        proxy = self._proxies.for_url(address.url)
        try:
            return session.get(
                address.url,
                headers={**headers, "Authorization": address.credentials} if address.credentials else dict(headers),
                proxies={urlsplit(address.url).scheme: proxy} if proxy else {},
                allow_redirects=False,
                stream=True,
                timeout=self._timeout,
            )
        except (OSError, ValueError) as error:  # every error of requests is an OSError, some are ValueErrors too
            raise _failure(error, address.url, proxy) from error


class _HttpDownload:
    """A `Download` that is an answer of an HTTP server."""

    def __init__(self, response: requests.Response, url: str) -> None:
        self._response = response
        self.url = url
        self.status = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives, not decoded."""
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - lazy, like requests itself

        raw = self._response.raw
        # `read1` returns what is there, so that a server that drips single bytes is noticed; urllib3 1.26 lacks it.
        read = getattr(raw, "read1", raw.read)
        try:
            while chunk := read(_CHUNK, decode_content=False):
                yield chunk
        except (HTTPError, OSError, ValueError) as error:
            raise _failure(error, self.url, None) from error


def _new_session(ca_bundle: Path | None) -> requests.Session:
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415 - lazy, like requests itself

    import requests  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers.clear()
    session.headers.update({"User-Agent": f"pkg2image/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"})
    if ca_bundle is not None:
        session.verify = str(ca_bundle)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=32))
    return session


def _failure(error: Exception, url: str, proxy: str | None) -> NetworkError:
    """Say what went wrong in words of our own: those of the libraries are long and may show a proxy's password."""
    from requests import exceptions  # noqa: PLC0415 - lazy, like requests itself
    from urllib3.exceptions import TimeoutError as Urllib3TimeoutError  # noqa: PLC0415

    message = f"cannot download {url}"
    causes = tuple(_causes(error))
    names = {type(cause).__name__ for cause in causes}
    system = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    if isinstance(error, exceptions.SSLError) or "SSLError" in names:
        detail = next((text for cause in causes if (text := getattr(cause, "verify_message", ""))), system or "failed")
        return NetworkError(
            f"{message}: no secure connection: {detail}",
            url=url,
            hint="check the clock of this machine and the certificate authorities it trusts",
        )
    if isinstance(error, exceptions.InvalidURL | exceptions.InvalidSchema | UnicodeError):
        return NetworkError(f"{message}: the address is not usable", url=url, hint=_NETWORK_HINT)
    if isinstance(error, exceptions.ProxyError) or (proxy and "NewConnectionError" in names):
        reason = f"the proxy {public_url(proxy or '')} does not do its work: {system or 'no connection'}"
    elif isinstance(error, exceptions.Timeout | Urllib3TimeoutError | TimeoutError) and "gaierror" not in names:
        reason = "the server is silent"
    elif names & {"gaierror", "NameResolutionError"}:
        reason = f"the host name {urlsplit(url).hostname} cannot be resolved"
    else:
        reason = (system or "the connection was lost").lower()
    return TransientError(f"{message}: {reason}", url=url, hint=_NETWORK_HINT)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything that led to it, as the libraries wrap each other's errors."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        linked = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting.extend(one for one in linked if isinstance(one, BaseException))
