"""dpkg-maintscript-helper: renamed conffiles and directories that become links, on upgrades.

On a first installation nothing is renamed: every action looks for a version it is upgraded from, or for what an
earlier step of the upgrade left behind.

Spec: dpkg-maintscript-helper(1).
"""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation

_ACTIONS = frozenset({"rm_conffile", "mv_conffile", "symlink_to_dir", "dir_to_symlink"})


def _helper(call: Invocation) -> int:
    match call.arguments:
        case ("supports", action):
            return 0 if action in _ACTIONS else 1
        case (action, path, *_) if action in _ACTIONS and "--" in call.arguments:
            rest = call.arguments[call.arguments.index("--") + 1 :]
            if len(rest) > 1 and rest[1]:
                raise NotUnderstoodError(f"dpkg-maintscript-helper {action} on an upgrade from {rest[1]}")
            if call.files.lstat(f"{path}.dpkg-backup") or call.files.lstat(f"{path}.dpkg-remove"):
                raise NotUnderstoodError(f"dpkg-maintscript-helper {action} finds a backup of {path}")
            return 0
    raise NotUnderstoodError(f"dpkg-maintscript-helper {' '.join(call.arguments)}")


COMMANDS: Mapping[str, Command] = {"dpkg-maintscript-helper": _helper}
"""Programs by name."""
