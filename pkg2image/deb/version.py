"""Debian version numbers: validation and order.

Spec: Debian Policy 5.6.12; deb-version(7). The order is the one of ``dpkg --compare-versions``.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PARTS = re.compile(r"(\D*)(\d*)")
_VALID = re.compile(r"(?:\d+:)?\d[A-Za-z0-9.+~:-]*", re.ASCII)

type_key = tuple[int, tuple[tuple[tuple[int, ...], int], ...], tuple[tuple[tuple[int, ...], int], ...]]


def _weight(character: str) -> int:
    # `~` sorts before the end of the part (0), letters before everything else.
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256


def _part_key(part: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    # Each run of non-digits ends in 0, so that a shorter run sorts before a longer one unless that goes on with `~`.
    return tuple(
        ((*map(_weight, text), 0), int(digits or "0")) for text, digits in _PARTS.findall(part) if text or digits
    ) + (((0,), 0),)


@lru_cache(maxsize=65536)
def version_key(version: str) -> type_key:
    """Return a key whose order is dpkg's order of versions.

    Args:
        version: ``[epoch:]upstream[-revision]``.
    """
    epoch, colon, rest = version.partition(":")
    if not colon or not epoch.isdigit():
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return int(epoch), _part_key(upstream), _part_key(revision or "0")


def compare(left: str, right: str) -> int:
    """Compare two versions as dpkg does; the result is negative, zero or positive."""
    a, b = version_key(left), version_key(right)
    return (a > b) - (a < b)


def is_valid(version: str) -> bool:
    """Say whether the text is a version that dpkg accepts."""
    return _VALID.fullmatch(version) is not None


def satisfies(version: str, operator: str, wanted: str) -> bool:
    """Say whether ``version operator wanted`` holds.

    Args:
        version: The version at hand.
        operator: One of ``<<``, ``<=``, ``=``, ``>=``, ``>>``.
        wanted: The version of the relation.

    Spec: Debian Policy 7.1.
    """
    order = compare(version, wanted)
    match operator:
        case "<<":
            return order < 0
        case "<=":
            return order <= 0
        case "=":
            return order == 0
        case ">=":
            return order >= 0
        case _:
            return order > 0
