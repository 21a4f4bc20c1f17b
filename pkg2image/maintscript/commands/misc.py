"""Small programs that belong to no family: capabilities, login shells, and what other stages of ours have done."""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands import capabilities, login_shells
from pkg2image.maintscript.session import Command, Invocation, Noop


def _done_before(call: Invocation) -> int:
    """Count a call whose work the skeleton or the kernel of the host does."""
    call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
    return 0


COMMANDS: Mapping[str, Command] = {
    **capabilities.COMMANDS,
    **login_shells.COMMANDS,
    "update-binfmts": _done_before,
    "update-passwd": _done_before,
}
"""Programs by name."""
