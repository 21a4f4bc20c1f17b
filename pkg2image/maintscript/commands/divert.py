"""dpkg-divert: another package's file goes elsewhere.

Spec: dpkg-divert(1).
"""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands.dpkg_paths import glob_expression, table_order
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.diversions import DIVERSIONS, Diversion, parse_diversions, render_diversions
from pkg2image.rootfs.tree import Kind

_DATABASE = f"/{DIVERSIONS}"
_GRAMMAR = Grammar(
    "",
    {
        "add": "add",
        "remove": "remove",
        "list": "list",
        "listpackage": "listpackage",
        "truename": "truename",
        "package=": "package",
        "local": "local",
        "divert=": "divert",
        "rename": "rename",
        "no-rename": "no-rename",
        "quiet": "quiet",
    },
    permute=False,
)
_ERROR = 2


def _divert(call: Invocation) -> int:
    options = _GRAMMAR.parse(call.arguments)
    action = options.latest("add", "remove", "list", "listpackage", "truename") or "add"
    if action == "list":
        return _list(call, options)
    if len(options.operands) != 1:
        return call.fail(f"error: --{action} needs a single argument", _ERROR)
    path = options.operands[0]
    if not path.startswith("/") or "\n" in path:
        return call.fail(f'error: filename "{path}" is not absolute', _ERROR)
    if action in {"add", "remove"}:
        return (_add if action == "add" else _remove)(call, options, path)
    diversion = load_diversions(call.files).get(path)
    if action == "truename":
        call.stdout.text(f"/{diversion.to}\n" if diversion else f"{path}\n")
    elif diversion:
        call.stdout.text(f"{diversion.package or 'LOCAL'}\n")
    return 0


def load_diversions(files: Files) -> dict[str, Diversion]:
    """Return the diversions of the image by the absolute path that they are of.

    Raises:
        NotUnderstoodError: When dpkg's file of them cannot be read.
    """
    if not files.is_file(_DATABASE):
        return {}
    data = files.read(_DATABASE)
    if data.count(b"\n") % 3:
        raise NotUnderstoodError("the list of diversions cannot be read")
    return {f"/{item.path}": item for item in parse_diversions(data)}


def true_name(files: Files, path: str, package: str = "") -> str:
    """Return where a file really lies: at its path, or where it is diverted to unless the package diverts it."""
    diversion = load_diversions(files).get(path)
    return path if diversion is None or (package and diversion.package == package) else f"/{diversion.to}"


def _owner(call: Invocation, options: Options) -> str | None:
    """Return the package that a call speaks for: empty for ``--local``, None when any will do."""
    match options.latest("local", "package"):
        case "local":
            return ""
        case "package":
            package = options.last("package")
        case _:
            package = call.environment.get("DPKG_MAINTSCRIPT_PACKAGE")
    return None if package is None else package.partition(":")[0]


def _describe(diversion: Diversion) -> str:
    by = f" by {diversion.package}" if diversion.package else ""
    return f"{'' if diversion.package else 'local '}diversion of /{diversion.path} to /{diversion.to}{by}"


def _describe_wanted(path: str, owner: str | None, to: str | None) -> str:
    what = "any diversion" if owner is None else "diversion" if owner else "local diversion"
    return f"{what} of {path}" + (f" to {to}" if to else "") + (f" by {owner}" if owner else "")


def _add(call: Invocation, options: Options, path: str) -> int:
    files, to = call.files, options.last("divert") or f"{path}.distrib"
    entry = files.lstat(path)
    if entry is not None and entry.kind is Kind.DIRECTORY:
        return call.fail("error: cannot divert directories", _ERROR)
    if not to.startswith("/") or to == path or "\n" in to:
        return call.fail(f'error: cannot divert file "{path}" to "{to}"', _ERROR)
    new = Diversion(_owner(call, options) or "", path.removeprefix("/"), to.removeprefix("/"))
    diversions = load_diversions(files)
    for other in diversions.values():
        if other == new:
            _tell(call, options, f"Leaving '{_describe(new)}'")
            return 0
        if {other.path, other.to} & {new.path, new.to}:
            return call.fail(f"error: '{_describe(new)}' clashes with '{_describe(other)}'", _ERROR)
    _tell(call, options, f"Adding '{_describe(new)}'")
    _save(files, {**diversions, path: new})
    if options.latest("rename", "no-rename") == "rename":
        if entry is not None and new.package and entry.package == new.package:
            _tell(call, options, f"Ignoring request to rename file '{path}' owned by diverting package '{new.package}'")
        else:
            _rename(call, path, to)
    return 0


def _remove(call: Invocation, options: Options, path: str) -> int:
    diversions = load_diversions(call.files)
    old, owner, wanted = diversions.get(path), _owner(call, options), options.last("divert")
    if old is None:
        _tell(call, options, f"No diversion '{_describe_wanted(path, owner, wanted)}', none removed.")
        return 0
    if wanted not in {None, f"/{old.to}"} or owner not in {None, old.package}:
        return call.fail(f"error: mismatch on divert-to or package when removing '{_describe(old)}'", _ERROR)
    _tell(call, options, f"Removing '{_describe(old)}'")
    _save(call.files, {key: item for key, item in diversions.items() if key != path})
    if options.latest("rename", "no-rename") == "rename":
        _rename(call, f"/{old.to}", path)
    return 0


def _rename(call: Invocation, source: str, target: str) -> None:
    files = call.files
    if files.lstat(source) is None:
        return
    if files.lstat(target) is not None:
        raise NotUnderstoodError(f"dpkg-divert renames {source} over {target}")
    files.rename(source, target, owned=True)


def _list(call: Invocation, options: Options) -> int:
    expressions = [glob_expression(pattern) for pattern in options.operands or ("*",)]
    for path, diversion in load_diversions(call.files).items():
        fields = (path, f"/{diversion.to}", diversion.package or ":")
        if any(expression.fullmatch(text) for expression in expressions for text in fields):
            call.stdout.text(f"{_describe(diversion)}\n")
    return 0


def _tell(call: Invocation, options: Options, text: str) -> None:
    if "quiet" not in options:
        call.stdout.text(f"{text}\n")


def _save(files: Files, diversions: Mapping[str, Diversion]) -> None:
    ordered = [diversions[path] for path in sorted(diversions, key=table_order)]
    files.make_directory(_DATABASE.rpartition("/")[0], 0o755, parents=True)
    files.write(_DATABASE, render_diversions(ordered), mode=0o644)


COMMANDS: Mapping[str, Command] = {"dpkg-divert": _divert}
"""Programs by name."""
