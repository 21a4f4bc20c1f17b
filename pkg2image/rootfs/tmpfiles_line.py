"""One line of tmpfiles.d as a value.

Spec: tmpfiles.d(5).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace

from pkg2image.rootfs.dropins import DropInError, Specifiers, split_line, unescaped

GLOBBED = frozenset("wexXrRzZtTaAhH")
"""Types whose path may be a pattern; they are followed after all others."""

OWNING = frozenset("fFdDvqQpLcbCwexXrR")
"""Types of which a path can have one only: the first line counts."""

_TYPES = frozenset("fFdDvqQpLcbCwexXrRzZtTaAhH")
_FOR_CLEANING = frozenset("xX")
_WITH_CONTENT = frozenset("fFw")
_FACTORY = "/usr/share/factory"
_MODE = re.compile("([~:]*)([0-7]{1,5})")
_DEVICE = re.compile("([0-9]{1,7}):([0-9]{1,7})")


@dataclass(frozen=True, slots=True)
class Ownership:
    """The mode, user and group of a line.

    Args:
        mode: Permission bits, None to leave them alone.
        user: Name or number, empty to leave it alone.
        group: Name or number, empty to leave it alone.
        is_masked: ``~``: bits that a file lacks for everybody are not added.
        fresh: Those of ``mode``, ``user``, ``group`` that are only for what is made anew (``:``).
    """

    mode: int | None = None
    user: str = ""
    group: str = ""
    is_masked: bool = False
    fresh: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Item:
    """A line that is to be followed.

    Args:
        type: The letter.
        path: Relative to the root, normalised.
        force: ``+``: replace what is there, or append.
        replaces: ``=``: remove what is of another kind.
        ownership: Mode, user and group.
        argument: The last field, empty when there is none.
        device: Of device nodes.
        origin: File and line.
    """

    type: str
    path: str
    force: bool
    replaces: bool
    ownership: Ownership
    argument: bytes
    device: tuple[int, int]
    origin: str

    @property
    def text(self) -> str:
        """The argument as text."""
        return self.argument.decode("utf-8", "surrogateescape")

    def says_the_same(self, other: Item) -> bool:
        """Say whether two lines differ in nothing but where they stand."""
        return replace(self, origin="") == replace(other, origin="")


def parse_item(text: str, origin: str, specifiers: Specifiers) -> Item | None:
    """Parse a line.

    Args:
        text: Not empty, no comment.
        origin: File and line.
        specifiers: What ``%`` stands for.

    Returns:
        The item, or None when the line is for the moment of boot or for cleaning only, or wants a credential that
        nobody gave.

    Raises:
        DropInError: When the line is wrong, or wants what no image has.
    """
    (kind, path, mode, user, group, _age), argument = split_line(text, 6)
    letter, modifiers = kind[:1], kind[1:]
    if letter not in _TYPES or set(modifiers) - set("+!-=~^$?"):
        raise DropInError(f"unknown type {kind!r}")
    if "!" in modifiers or "^" in modifiers or letter in _FOR_CLEANING:
        return None
    return Item(
        type=letter,
        path=_normal(specifiers.expand(path)),
        force="+" in modifiers,
        replaces="=" in modifiers,
        ownership=_ownership(mode, user, group),
        argument=_argument(letter, modifiers, argument, specifiers, path),
        device=_device(argument) if letter in "cb" else (0, 0),
        origin=origin,
    )


def _normal(path: str) -> str:
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if not path.startswith("/") or ".." in parts or "\0" in path:
        raise DropInError(f"{path!r} is not an absolute path")
    return "/".join(parts)


def _ownership(mode: str, user: str, group: str) -> Ownership:
    match = _MODE.fullmatch(mode)
    if match is None and mode not in {"-", ""}:
        raise DropInError(f"{mode!r} is not a mode")
    bits = int(match[2], 8) if match else None
    if bits is not None and bits > 0o7777:
        raise DropInError(f"{mode!r} is not a mode")
    given = {"mode": mode, "user": user, "group": group}
    return Ownership(
        bits,
        user.lstrip(":") if user != "-" else "",
        group.lstrip(":") if group != "-" else "",
        is_masked="~" in mode,
        fresh=frozenset(name for name, value in given.items() if ":" in value),
    )


def _argument(letter: str, modifiers: str, argument: str, specifiers: Specifiers, path: str) -> bytes:
    if argument in {"-", ""}:
        wants_default = letter in "LC"
        return f"{_FACTORY}{specifiers.expand(path)}".encode("utf-8", "surrogateescape") if wants_default else b""
    if "~" in modifiers:
        if letter not in _WITH_CONTENT:
            raise DropInError(f"the type {letter} knows no '~'")
        try:
            return base64.b64decode(argument, validate=True)
        except binascii.Error as error:
            raise DropInError("the argument is not Base64") from error
    if letter in _WITH_CONTENT:
        argument = unescaped(argument)
    return specifiers.expand(argument).encode("utf-8", "surrogateescape")


def _device(argument: str) -> tuple[int, int]:
    match = _DEVICE.fullmatch(argument)
    if match is None:
        raise DropInError(f"{argument!r} is not the number of a device")
    return int(match[1]), int(match[2])
