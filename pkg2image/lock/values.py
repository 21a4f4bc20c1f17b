"""Values of a lock as text on one line, and back: plain where they are plain, else JSON.

What begins with ``"``, ``[`` or ``{`` is JSON, so nothing can be taken for something else: not a name with a blank in
it, not a value with a line feed, not bytes that are no text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pkg2image.idmap import IdMap

_JSON = ('"', "[", "{")
_WORD = re.compile(r"[!-~]+")
_SEPARATOR = " :: "
_T = TypeVar("_T")


def text_value(text: str) -> str:
    """Return a text: as it is where it is printable and has no blanks at its ends."""
    is_plain = bool(text) and _is_printable(text) and text == text.strip() and not text.startswith(_JSON)
    return text if is_plain else json.dumps(text)


def words_value(words: Sequence[str]) -> str:
    """Return a list of texts: with blanks between them where none has any."""
    is_plain = bool(words) and all(_WORD.fullmatch(word) for word in words) and not words[0].startswith(_JSON)
    return " ".join(words) if is_plain else json.dumps(list(words))


def row_value(row: Sequence[str]) -> str:
    """Return texts that belong together: with colons between them where none has any; empty ones at the end go."""
    texts = list(row)
    while texts and not texts[-1]:
        texts.pop()
    joined = _SEPARATOR.join(texts)
    is_plain = _is_printable(joined) and joined == joined.strip() and bool(joined) and not joined.startswith(_JSON)
    return joined if is_plain and joined.split(_SEPARATOR) == texts else json.dumps(list(row))


def map_value(pairs: Mapping[str, Any]) -> str:
    """Return a mapping or a document, in its order."""
    return json.dumps(dict(pairs))


def numbers_value(numbers: Mapping[str, int]) -> str:
    """Return names with numbers, by name."""
    return words_value([f"{name}={number}" for name, number in sorted(numbers.items())])


def read_text(value: str) -> str:
    """Return what `text_value` was given.

    Raises:
        ValueError: When it is nothing of that.
    """
    return _of_kind(json.loads(value), str) if value.startswith(_JSON) else value


def read_words(value: str) -> tuple[str, ...]:
    """Return what `words_value` was given; errors as of `read_text`."""
    return _texts(json.loads(value)) if value.startswith(_JSON) else tuple(value.split())


def read_row(value: str, width: int) -> tuple[str, ...]:
    """Return what `row_value` was given; errors as of `read_text`.

    Args:
        value: The text.
        width: How many texts it has.
    """
    row = _texts(json.loads(value)) if value.startswith(_JSON) else tuple(value.split(_SEPARATOR))
    if len(row) > width:
        raise ValueError(f"it has {len(row)} parts instead of {width}")
    return row + ("",) * (width - len(row))


def read_map(value: str) -> dict[str, Any]:
    """Return what `map_value` was given; errors as of `read_text`."""
    return _of_kind(json.loads(value), dict)


def read_numbers(value: str) -> dict[str, int]:
    """Return what `numbers_value` was given; errors as of `read_text`."""
    pairs = (word.rpartition("=") for word in read_words(value))
    return {name: read_number(number) for name, _, number in pairs}


def read_number(value: str) -> int:
    """Return a number that is not negative; errors as of `read_text`."""
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise ValueError(f"{value[:40]!r} is not a number")
    return int(value)


def ids_of(users: str | None, groups: str | None) -> IdMap:
    """Return a map of numbers from its two values, of which either may be missing."""
    return IdMap(read_numbers(users) if users else {}, read_numbers(groups) if groups else {})


def _is_printable(text: str) -> bool:
    # What else can be printed is another question to each version of Unicode, and of Python with it.
    return text.isascii() and text.isprintable()


def _texts(value: object) -> tuple[str, ...]:
    texts = _of_kind(value, list)
    return tuple(_of_kind(text, str) for text in texts)


def _of_kind(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise ValueError(f"it is not a {kind.__name__}")  # noqa: TRY004 -- foreign text, not a wrong argument
    return value
