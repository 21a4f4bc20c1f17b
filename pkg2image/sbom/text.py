"""What bills of all forms have in common: JSON with one thing on a line, times, and words about completeness."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

LICENCE_LIST = "3.27"
"""Version of the SPDX licence list that `pkg2image.sbom.spdx_list` has."""

COMPLETE = (
    "Complete: all packages of the image and all its regular files are listed, each with the package that ships it or "
    "with what made it. A bill that lies in the image does not list itself."
)
PART = "Only the parts that every image gets were taken from this package."
CUT = "Packages that only its maintainer scripts need are not in the image."

_NAMED_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE)


def lines(items: Iterable[str]) -> str:
    """Return a JSON array of things that are JSON already, each on a line of its own, so that bills can be compared."""
    return "[\n" + ",\n".join(items) + "\n]"


def compact(value: object) -> str:
    """Return plain data as JSON in one line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def quoted(text: str) -> str:
    """Return a text as a JSON string."""
    return json.dumps(text, ensure_ascii=False)


def utc(seconds: int) -> str:
    """Return a time as all forms write it."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def public_url(url: str) -> str:
    """Return an address whose host has a name, else nothing: others mean something on one network only."""
    parts = urlsplit(url)
    is_named = parts.scheme in {"http", "https", "ftp"} and _NAMED_HOST.fullmatch(parts.hostname or "")
    return url if is_named else ""
