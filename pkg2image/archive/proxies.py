"""Which proxy an address is fetched through, as the usual variables say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_SEPARATOR = re.compile(r"[\s,]+")
_WITH_PORT = re.compile(r"(?:\[(?P<bracketed>[^]]*)\]|(?P<name>[^:]*))(?::(?P<port>\d+))?")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies of one run.

    Args:
        http: URL of the proxy for ``http`` addresses, empty for none.
        https: URL of the proxy for ``https`` addresses, empty for none.
        exceptions: Hosts that are reached directly: names (their subdomains too), addresses, networks
            (``10.0.0.0/8``), each optionally with a port; ``*`` for all.
    """

    http: str = ""
    https: str = ""
    exceptions: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``; lower case wins over upper case."""

        def value(name: str) -> str:
            return environment.get(name) or environment.get(name.upper()) or ""

        fallback = value("all_proxy")
        return cls(
            http=_with_scheme(value("http_proxy") or fallback),
            https=_with_scheme(value("https_proxy") or fallback),
            exceptions=tuple(word.lower() for word in _SEPARATOR.split(value("no_proxy")) if word),
        )

    def for_url(self, url: str) -> str | None:
        """Return the URL of the proxy for an address, or None to go there directly."""
        parts = urlsplit(url)
        proxy = self.https if parts.scheme == "https" else self.http
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        if not proxy or any(_matches(exception, host, port) for exception in self.exceptions):
            return None
        return proxy


def _with_scheme(proxy: str) -> str:
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _matches(exception: str, host: str, port: int) -> bool:
    if exception == "*":
        return True
    if match := _WITH_PORT.fullmatch(exception):
        if match["port"] and int(match["port"]) != port:
            return False
        exception = match["bracketed"] or match["name"]
    exception = exception.removeprefix("*").removeprefix(".")
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(exception, strict=False)
    except ValueError:  # one of the two is a name
        return host == exception or host.endswith("." + exception)
