"""How an image is started, in lines for people: for images that are there, and for those that a plan is of."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any


def started_lines(started: Mapping[str, Any], *, with_values: bool = False) -> Iterator[str]:
    """Yield where each value of the configuration comes from, and what else might have been started.

    Args:
        started: As an image carries it; empty when nothing is known.
        with_values: Whether the values are shown, too.
    """
    if not started:
        return
    yield "how it is started:"
    for name, value in started["values"].items():
        shown = f"{_text(value.get('value'))}: " if with_values else ""
        yield f"  {name}: {shown}{value.get('source')}"
    for candidate in started["candidates"]:
        service = candidate.get("service")
        why = candidate.get("why_not") or ("chosen" if service == started.get("chosen") else "not chosen")
        yield f"  {service} of {candidate.get('package')}: {why}"
    for note in started["notes"]:
        yield f"  note: {note}"


def _text(value: object) -> str:
    if isinstance(value, dict):
        return shlex.join(f"{name}={text}" for name, text in value.items())
    return shlex.join(map(str, value)) if isinstance(value, list) else str(value)
