"""Whether a Python source has f-strings of the grammar that came with Python 3.12.

The parser of an older Python refuses such a file, and that of a newer one cannot be told to. What is found in a file
must not depend on who reads it, so such files are not parsed at all.

Spec: PEP 498; PEP 701.
"""

from __future__ import annotations

import re

_HAS_ANY = re.compile(r"\b(?:[fF][rR]?|[rR][fF])[\"']")
_TOKEN = re.compile(r"#[^\n]*|(?<![A-Za-z0-9_])(?P<prefix>[A-Za-z]{0,2})(?P<quote>'''|\"\"\"|'|\")")
_ENDS = {
    "'": re.compile(r"(?:[^\\\n']|\\.)*+'", re.DOTALL),
    '"': re.compile(r'(?:[^\\\n"]|\\.)*+"', re.DOTALL),
    "'''": re.compile(r"(?:[^\\]|\\.)*?'''", re.DOTALL),
    '"""': re.compile(r'(?:[^\\]|\\.)*?"""', re.DOTALL),
}
_ESCAPE = re.compile(r"\\(?:N\{[^}\n]*\}|[^{}]|(?=[{}]))|\{\{|\}\}", re.DOTALL)
_DEEPEST = 2  # fields in the format of a field in the format of a field


class _NewerError(Exception):
    """Only Python 3.12 and its successors can read this."""


class _BrokenError(Exception):
    """No Python can."""


def has_newer_strings(text: str) -> bool:
    """Say whether a source has an f-string that Python 3.11 cannot read and its successors can.

    Args:
        text: The source.
    """
    if not _HAS_ANY.search(text):
        return False
    try:
        position = 0
        while match := _TOKEN.search(text, position):
            position = _string(text, match) if match["quote"] else match.end()
    except _NewerError:
        return True
    except (_BrokenError, RecursionError):
        return False
    return False


def _string(text: str, match: re.Match[str]) -> int:
    """Return where a string ends."""
    quote = match["quote"]
    if "f" in match["prefix"].lower():
        return _literal(text, match.end(), quote, 0)
    end = _ENDS[quote].match(text, match.end())
    if end is None:
        raise _BrokenError
    return end.end()


def _literal(text: str, position: int, quote: str, depth: int) -> int:
    """Return where the text of an f-string ends, or that of a format, which ends before a brace."""
    while position < len(text):
        if text.startswith(quote, position):
            return position + (0 if depth else len(quote))
        if (escape := _ESCAPE.match(text, position)) and not (depth and text[position] == "}"):
            position = escape.end()
        elif text[position] == "{":
            position = _field(text, position + 1, quote, depth)
        elif text[position] == "}" and depth:
            return position
        elif text[position] == "\n" and len(quote) == 1:
            raise _BrokenError
        else:
            position += 1
    raise _BrokenError


def _field(text: str, position: int, quote: str, depth: int) -> int:
    """Return where a replacement field ends."""
    if depth >= _DEEPEST:
        raise _NewerError
    brackets = 0
    while position < len(text):
        letter = text[position]
        if text.startswith(quote, position) or letter in "\\#" or (letter == "\n" and len(quote) == 1):
            raise _NewerError
        if match := _TOKEN.match(text, position):
            end = _string(text, match)
            if quote in text[position:end] or "\\" in text[position:end]:
                raise _NewerError
            position = end
            continue
        if letter in ":}" and not brackets:
            end = position if letter == "}" else _literal(text, position + 1, quote, depth + 1)
            return end + 1
        brackets += (letter in "([{") - (letter in ")]}")
        position += 1
    raise _BrokenError
