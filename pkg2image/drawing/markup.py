"""Text in markup: whatever stands in a name or a reason, it stays text."""

from __future__ import annotations

import json
import re

# What XML 1.0 has no way to write; half a surrogate pair is a byte of a package that is not UTF-8.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x9f]")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def legal(text: str) -> str:
    """Return a text with a replacement character for each that no document may hold."""
    return _ILLEGAL.sub("\ufffd", text)


def escaped(text: str) -> str:
    """Return a text as it is written in HTML, SVG and XML, between tags and in quoted attributes."""
    return legal(text).translate(_MARKUP)


def embedded_json(data: object) -> str:
    """Return data as JSON that can stand in a ``script`` element: nothing in it can end the element.

    Spec: HTML, 4.12.1.3 (restrictions for contents of script elements).
    """
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))  # ASCII only: nor can a charset change it
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
