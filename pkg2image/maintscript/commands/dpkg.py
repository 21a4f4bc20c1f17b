"""dpkg, dpkg-query and dpkg-trigger: what scripts ask about packages.

Every package of the image counts as installed, as it is when its dependants are configured; the package whose script
runs is in the state that dpkg has it in at that moment.

Spec: dpkg(1), dpkg-query(1), dpkg-trigger(1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from pkg2image.deb.facts import FetchedDeb
from pkg2image.deb.version import compare, is_valid
from pkg2image.maintscript.commands.divert import load_diversions
from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation, Noop

_RELATIONS: Mapping[str, Callable[[int], bool]] = {
    **dict.fromkeys(("lt", "lt-nl", "<<"), lambda order: order < 0),
    **dict.fromkeys(("le", "le-nl", "<=", "<"), lambda order: order <= 0),
    **dict.fromkeys(("eq", "="), lambda order: order == 0),
    "ne": lambda order: order != 0,
    **dict.fromkeys(("ge", "ge-nl", ">=", ">"), lambda order: order >= 0),
    **dict.fromkeys(("gt", "gt-nl", ">>"), lambda order: order > 0),
}
_SUPPORTED = frozenset(
    {"support-predepends", "working-epoch", "long-filenames", "multi-conrep", "multi-arch", "versioned-provides"}
)
_QUERY = Grammar(
    "Wf:sLSl",
    {
        "show": "W",
        "showformat=": "f",
        "status": "s",
        "listfiles": "L",
        "search": "S",
        "list": "l",
        "control-path": "control-path",
        "print-architecture": "print-architecture",
    },
)
_FIELD = re.compile(r"\$\{([^}]*)\}|\\(.)", re.DOTALL)
_STATES = {"preinst": "half-installed", "config": "unpacked", "postinst": "half-configured"}
_ABBREVIATIONS = {"installed": "i", "half-installed": "H", "unpacked": "U", "half-configured": "F"}


def _dpkg(call: Invocation) -> int:
    match call.arguments:
        case ("--compare-versions", left, relation, right):
            return _compare(call, left, relation, right)
        case ("--print-architecture",):
            call.stdout.text(f"{call.session.architecture}\n")
            return 0
        case ("--print-foreign-architectures",):
            return 0
        case ("--validate-version", version):
            return 0 if is_valid(version) else 1
        case (option,) if option.removeprefix("--assert-") in _SUPPORTED:
            return 0
    if call.arguments[:1] and call.arguments[0] in {"-s", "--status", "-L", "--listfiles", "-S", "--search"}:
        return _dpkg_query(call)
    raise NotUnderstoodError(f"dpkg {' '.join(call.arguments)}")


def _compare(call: Invocation, left: str, relation: str, right: str) -> int:
    if relation not in _RELATIONS:
        return call.fail("error: --compare-versions bad relation", 2)
    if not left or not right:
        # An empty version is earlier than any, with the -nl relations later than any.
        order = (left != "") - (right != "")
        order = -order if relation.endswith("-nl") else order
    elif is_valid(left) and is_valid(right):
        order = compare(left, right)
    else:
        raise NotUnderstoodError(f"dpkg --compare-versions {left} {relation} {right}")
    return 0 if _RELATIONS[relation](order) else 1


def _dpkg_query(call: Invocation) -> int:
    options = _QUERY.parse(call.arguments)
    action = options.latest("W", "s", "L", "S", "control-path")
    if "l" in options or action is None:
        raise NotUnderstoodError(f"{call.name} {' '.join(call.arguments)}")
    operands = options.operands
    match action:
        case "W":
            # dpkg's own parser of options takes `-f=...` too.
            shown = (options.last("f") or "${binary:Package}\t${Version}\n").removeprefix("=")
            return _show(call, operands, shown)
        case "s":
            return _status(call, operands)
        case "L":
            return _list_files(call, operands)
        case "S":
            return _search(call, operands)
    return _control_path(call, operands)


def _find(call: Invocation, name: str) -> FetchedDeb | None:
    """Return a package by ``name`` or ``name:architecture``."""
    name, _, architecture = name.partition(":")
    deb = call.session.installed.get(name)
    wanted = {"", "any", "native", call.session.architecture, deb.package.architecture if deb else ""}
    return deb if architecture in wanted else None


def _show(call: Invocation, patterns: tuple[str, ...], shown: str) -> int:
    debs = [call.session.installed[name] for name in sorted(call.session.installed)]
    status = 0
    found: dict[str, FetchedDeb] = {} if patterns else {deb.package.name: deb for deb in debs}
    for pattern in patterns:
        name, _, _ = pattern.partition(":")
        matches = [deb for deb in debs if fnmatchcase(deb.package.name, name) and _find(call, _like(pattern, deb))]
        found |= {deb.package.name: deb for deb in matches}
        if not matches:
            call.stderr.text(f"dpkg-query: no packages found matching {pattern}\n")
            status = 1
    for name in sorted(found):
        call.stdout.text(_formatted(call, found[name], shown))
    return status


def _like(pattern: str, deb: FetchedDeb) -> str:
    _, colon, architecture = pattern.partition(":")
    return f"{deb.package.name}{colon}{architecture}"


def _formatted(call: Invocation, deb: FetchedDeb, shown: str) -> str:
    def put(match: re.Match[str]) -> str:
        if match[2] is not None:
            return {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}.get(match[2], match[2])
        name, _, width = match[1].partition(";")
        text = _field(call, deb, name)
        if not width:
            return text
        if not width.removeprefix("-").isdigit():
            raise NotUnderstoodError(f"the format {shown}")
        size = abs(int(width))
        return (text.ljust(size) if width.startswith("-") else text.rjust(size))[:size]

    return _FIELD.sub(put, shown)


def _field(call: Invocation, deb: FetchedDeb, name: str) -> str:
    package, state = deb.package, _state(call, deb)
    match name.lower():
        case "binary:package":
            return _qualified(deb)
        case "conffiles":
            return _conffiles(deb)
        case "source:package":
            return package.source_name
        case "source:version":
            return package.source_version
    if name.lower() in (states := _status_fields(state)):
        return states[name.lower()]
    if ":" in name:
        raise NotUnderstoodError(f"the field {name} of dpkg-query")
    return next((value for key, value in deb.facts.control if key.lower() == name.lower()), "")


def _status_fields(state: str) -> dict[str, str]:
    return {
        "status": f"install ok {state}",
        "db:status-want": "install",
        "db:status-status": state,
        "db:status-eflag": "ok",
        "db:status-abbrev": f"i{_ABBREVIATIONS[state]} ",
    }


def _conffiles(deb: FetchedDeb) -> str:
    """Return dpkg's record: a first empty line, then path and MD5 of each."""
    paths = (deb.facts.control_file("conffiles") or b"").decode("utf-8", "surrogateescape").split("\n")
    sums = {f"/{entry.path}": entry.md5 for entry in deb.facts.entries}
    return "".join(f"\n {path} {sums[path]}" for path in paths if path in sums)


def _state(call: Invocation, deb: FetchedDeb) -> str:
    own = deb.package.name == call.session.package.name
    return _STATES.get(call.session.script, "installed") if own else "installed"


def _qualified(deb: FetchedDeb) -> str:
    same = deb.package.multi_arch == "same"
    return f"{deb.package.name}:{deb.package.architecture}" if same else deb.package.name


def _each(call: Invocation, names: tuple[str, ...], complaint: str) -> tuple[list[FetchedDeb], int]:
    if not names:
        raise NotUnderstoodError(f"{call.name} {' '.join(call.arguments)}")
    debs = []
    status = 0
    for name in names:
        deb = _find(call, name)
        if deb is None:
            call.stderr.text(f"dpkg-query: package '{name}' {complaint}\n")
            status = 1
        else:
            debs.append(deb)
    return debs, status


def _status(call: Invocation, names: tuple[str, ...]) -> int:
    debs, status = _each(call, names, "is not installed and no information is available")
    for deb in debs:
        fields = dict(deb.facts.control)
        lines = [f"Package: {fields.pop('Package')}", f"Status: install ok {_state(call, deb)}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        call.stdout.text("\n".join(lines) + "\n")
    return status


def _list_files(call: Invocation, names: tuple[str, ...]) -> int:
    debs, status = _each(call, names, "is not installed")
    diverted = load_diversions(call.files)
    for deb in debs:
        paths = _paths(deb)
        if set(paths) & set(diverted):
            raise NotUnderstoodError(f"the files of {deb.package.name}, of which some are diverted")
        call.stdout.text("".join(f"{path}\n" for path in paths))
    return status


def _paths(deb: FetchedDeb) -> list[str]:
    return [f"/{entry.path}" if entry.path else "/." for entry in deb.facts.entries]


def _search(call: Invocation, patterns: tuple[str, ...]) -> int:
    status = 0
    for pattern in patterns:
        if set(pattern) & set("[]\\"):
            raise NotUnderstoodError(f"dpkg-query -S {pattern}")
        glob = pattern if set(pattern) & set("*?") or pattern.startswith("/") else f"*{pattern}*"
        found = _owners(call.session.installed.values(), glob.rstrip("/") or "/")
        if set(found) & set(load_diversions(call.files)):
            raise NotUnderstoodError(f"dpkg-query -S {pattern}, which is diverted")
        call.stdout.text("".join(f"{', '.join(found[path])}: {path}\n" for path in sorted(found)))
        if not found:
            call.stderr.text(f"dpkg-query: no path found matching pattern {pattern}\n")
            status = 1
    return status


def _owners(debs: Iterable[FetchedDeb], glob: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for deb in sorted(debs, key=lambda item: item.package.name):
        for path in _paths(deb):
            if path == glob or (set(glob) & set("*?") and fnmatchcase(path, glob)):
                found.setdefault(path, []).append(_qualified(deb))
    return found


def _control_path(call: Invocation, operands: tuple[str, ...]) -> int:
    if not 1 <= len(operands) <= 2:
        raise NotUnderstoodError(f"dpkg-query {' '.join(call.arguments)}")
    debs, status = _each(call, operands[:1], "is not installed")
    for deb in debs:
        for name, _ in deb.facts.control_files:
            if operands[1:] in {(), (name,)}:
                call.stdout.text(f"/var/lib/dpkg/info/{_qualified(deb)}.{name}\n")
    return status


def _trigger(call: Invocation) -> int:
    """Activate a trigger: what triggers do here is found out from the tree."""
    options = Grammar(
        "", {"no-await": "n", "await": "a", "by-package=": "b", "check-supported": "c", "no-act": "x"}
    ).parse(call.arguments)
    if "c" not in options:
        call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
    return 0


COMMANDS: Mapping[str, Command] = {"dpkg": _dpkg, "dpkg-query": _dpkg_query, "dpkg-trigger": _trigger}
"""Programs by name."""
