"""All commands that add and change users and groups."""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands import adduser, useradd
from pkg2image.maintscript.session import Command

COMMANDS: Mapping[str, Command] = {**adduser.COMMANDS, **useradd.COMMANDS}
"""Programs by name."""
