"""In what two locks differ, in words: what `build --frozen` fails with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pkg2image.deb.control import parse_stanzas
from pkg2image.lock.model import Lock
from pkg2image.lock.requested import request_fields
from pkg2image.lock.writing import write_lock
from pkg2image.request import BuildRequest

_UNTOLD = frozenset({"Check", "Tool", "Compressor"})
_LENGTH = 120


def differences(locked: Lock, made: Lock) -> tuple[str, ...]:
    """Return in what the content that a lock promises differs from what was made, one sentence for each fact.

    Args:
        locked: The lock.
        made: That of the image.
    """
    before, after = _paragraphs(locked), _paragraphs(made)
    return tuple(
        sentence
        for name in dict.fromkeys((*before, *after))
        for sentence in _changes(name, before.get(name, {}), after.get(name, {}))
    )


def _paragraphs(lock: Lock) -> dict[str, Mapping[str, str]]:
    text = write_lock(replace(lock, compressor="")).decode()
    return {_name(fields): fields for fields in parse_stanzas(text, origin="a lock")}


def _name(fields: Mapping[str, str]) -> str:
    field, value = next(iter(fields.items()))
    return "" if field == "Lock" else f"{field} {value}: "


def _changes(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    if not before or not after:
        yield f"{name.rstrip(': ')} is {'not in the lock' if after else 'only in the lock'}"
        return
    for field in dict.fromkeys((*before, *after)):
        one, other = before.get(field), after.get(field)
        if one != other and field not in _UNTOLD:
            yield f"{name}{field}: the lock says {_shown(one)}, found is {_shown(other)}"


def _shown(value: str | None) -> str:
    return "nothing" if value is None else " ".join(value.split())[:_LENGTH]


def request_differences(locked: BuildRequest, asked: BuildRequest, *, whole: bool) -> tuple[str, ...]:
    """Return in what a request asks for something else than a lock, one sentence for each field.

    Args:
        locked: Of the lock.
        asked: What a user asks for; the suite and the recipe are not looked at.
        whole: Whether that is a whole request, and not just what somebody said beside naming the lock.
    """
    before, after = dict(request_fields(locked)), dict(request_fields(asked))
    names = dict.fromkeys((*before, *after)) if whole else dict.fromkeys(after)
    return tuple(
        f"{name}: the lock says {_shown(before.get(name))}, asked for is {_shown(after.get(name))}"
        for name in names
        # The epoch comes from the environment, which says nothing most of the time.
        if before.get(name) != after.get(name) and not (name == "Epoch" and name not in after)
    )
