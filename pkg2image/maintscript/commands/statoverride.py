"""dpkg-statoverride: owners and modes that dpkg would give to files when it unpacks them.

Spec: dpkg-statoverride(1).
"""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands.account_files import read_accounts
from pkg2image.maintscript.commands.dpkg_paths import glob_expression, table_order
from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.statoverrides import STATOVERRIDES, StatOverride, parse_statoverrides

_DATABASE = f"/{STATOVERRIDES}"
_GRAMMAR = Grammar(
    "",
    {
        "add": "add",
        "remove": "remove",
        "list": "list",
        "update": "update",
        "force": "force",
        "force-all": "force",
        "force-statoverride-add": "force",
        "force-statoverride-remove": "force-remove",
        "quiet": "quiet",
    },
    permute=False,
)
_ERROR = 2


def _statoverride(call: Invocation) -> int:
    options = _GRAMMAR.parse(call.arguments)
    actions = [name for name, _ in options.given if name in {"add", "remove", "list"}]
    match actions, options.operands:
        case ["add"], (user, group, mode, path):
            flags = {name for name, _ in options.given}
            return _add(call, flags, _parse_override(user, group, mode, _clean(path)))
        case ["remove"], (path,):
            return _remove(call, _clean(path), quietly="quiet" in options or "force-remove" in options)
        case ["list"], patterns:
            return _list(call, patterns)
    raise NotUnderstoodError(f"dpkg-statoverride {' '.join(call.arguments)}")


def _clean(path: str) -> str:
    return path.rstrip("/") or "/"


def _parse_override(user: str, group: str, mode: str, path: str) -> StatOverride:
    if not mode or set(mode) - set("01234567") or int(mode, 8) > 0o7777:
        raise NotUnderstoodError(f"dpkg-statoverride with the mode {mode}")
    if not path.startswith("/") or "\n" in path:
        raise NotUnderstoodError(f"dpkg-statoverride with the path {path!r}")
    return StatOverride(user, group, int(mode, 8), path)


def _add(call: Invocation, flags: set[str], new: StatOverride) -> int:
    accounts = read_accounts(call.files)
    if not new.user.startswith("#") and accounts.user(new.user) is None:
        return call.fail(f"error: user '{new.user}' does not exist", _ERROR)
    if not new.group.startswith("#") and accounts.group(new.group) is None:
        return call.fail(f"error: group '{new.group}' does not exist", _ERROR)
    overrides = _load(call.files)
    if new.path in overrides and "force" not in flags:
        return call.fail(f"error: an override for '{new.path}' already exists; aborting", _ERROR)
    overrides[new.path] = new
    if "update" in flags and call.files.exists(new.path):
        call.files.chown(new.path, new.user.removeprefix("#"), new.group.removeprefix("#"))
        call.files.chmod(new.path, new.mode)
    elif "update" in flags:
        call.stderr.text(f"{call.name}: warning: --update given but {new.path} does not exist\n")
    _save(call.files, overrides)
    return 0


def _remove(call: Invocation, path: str, *, quietly: bool) -> int:
    overrides = _load(call.files)
    if path not in overrides:
        if not quietly:
            call.stderr.text(f"{call.name}: warning: no override present\n")
        return 0 if quietly else _ERROR
    del overrides[path]
    _save(call.files, overrides)
    return 0


def _list(call: Invocation, patterns: tuple[str, ...]) -> int:
    expressions = [glob_expression(_clean(pattern)) for pattern in patterns or ("*",)]
    found = [item for path, item in _load(call.files).items() if any(each.fullmatch(path) for each in expressions)]
    call.stdout.text("".join(f"{item}\n" for item in found))
    return 0 if found else 1


def _load(files: Files) -> dict[str, StatOverride]:
    if not files.is_file(_DATABASE):
        return {}
    return {override.path: override for override in parse_statoverrides(files.read(_DATABASE))}


def _save(files: Files, overrides: Mapping[str, StatOverride]) -> None:
    text = "".join(f"{overrides[path]}\n" for path in sorted(overrides, key=table_order))
    files.make_directory(_DATABASE.rpartition("/")[0], 0o755, parents=True)
    files.write(_DATABASE, text.encode("utf-8", "surrogateescape"), mode=0o644)


COMMANDS: Mapping[str, Command] = {"dpkg-statoverride": _statoverride}
"""Programs by name."""
