"""The programs that maintainer scripts call, each a function over the files of the image.

A module exports its own as ``COMMANDS``; `all_commands` collects them when they are first needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pkg2image.maintscript.session import Command


@cache
def all_commands() -> Mapping[str, Command]:
    """Return every command by name.

    Raises:
        ValueError: When two modules have different commands of one name, which is a mistake of ours.
    """
    found: dict[str, Command] = {}
    for name in sorted(module.name for module in iter_modules(__path__)):
        commands: Mapping[str, Command] = getattr(import_module(f"{__name__}.{name}"), "COMMANDS", {})
        twice = sorted(word for word in found.keys() & commands.keys() if found[word] is not commands[word])
        if twice:
            raise ValueError(f"commands defined twice: {', '.join(twice)}")
        found |= commands
    return MappingProxyType(found)


def __getattr__(name: str) -> Mapping[str, Command]:
    if name == "ALL_COMMANDS":
        return all_commands()
    raise AttributeError(name)
