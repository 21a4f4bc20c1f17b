"""update-alternatives.

Spec: update-alternatives(1). No log is written: it would hold dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pkg2image.maintscript.commands.alternative_groups import (
    Choice,
    LinkGroup,
    current_choice,
    install_choice,
    load_group,
    load_groups,
    remove_group,
    save_group,
)
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import FilesError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Kind

_ERROR = 2
_IGNORED = frozenset({"--quiet", "--verbose", "--skip-auto", "--force"})
_OPERANDS = {
    "--auto": 1,
    "--display": 1,
    "--get-selections": 0,
    "--install": 4,
    "--list": 1,
    "--query": 1,
    "--remove": 2,
    "--remove-all": 1,
    "--set": 2,
}


@dataclass(frozen=True, slots=True)
class _Request:
    """What a call asks for.

    Args:
        action: For example ``--install``.
        operands: Of the action.
        slaves: Link, name and path of every ``--slave``.
    """

    action: str
    operands: tuple[str, ...]
    slaves: tuple[tuple[str, str, str], ...]


class _RefusedError(Exception):
    """What update-alternatives itself would refuse with status 2."""


def _update_alternatives(call: Invocation) -> int:
    try:
        request = _parse(call.arguments)
        if request.action in _READERS:
            return _READERS[request.action](call, request)
        return _change(call, request)
    except (_RefusedError, FilesError) as error:
        return call.fail(f"error: {error}", _ERROR)


def _parse(arguments: tuple[str, ...]) -> _Request:
    pending = list(reversed(arguments))
    action = ""
    operands: tuple[str, ...] = ()
    slaves: list[tuple[str, str, str]] = []
    while pending:
        word = pending.pop()
        if word in _IGNORED:
            continue
        if word == "--slave":
            link, name, path = _take(pending, word, 3)
            slaves.append((link, name, path))
        elif word in _OPERANDS and not action:
            action, operands = word, _take(pending, word, _OPERANDS[word])
        else:
            raise NotUnderstoodError(f"update-alternatives {word}")
    if not action or (slaves and action != "--install"):
        raise NotUnderstoodError(f"update-alternatives {' '.join(arguments)}")
    return _Request(action, operands, tuple(slaves))


def _take(pending: list[str], word: str, count: int) -> tuple[str, ...]:
    if len(pending) < count:
        raise _RefusedError(f"{word} needs {count} arguments")
    return tuple(pending.pop() for _ in range(count))


def _change(call: Invocation, request: _Request) -> int:
    files = call.files
    name = request.operands[1] if request.action == "--install" else request.operands[0]
    wanted = _wanted(call, request) if request.action == "--install" else None
    group = load_group(files, name)
    if group is None and wanted is None:
        if request.action == "--remove":
            return 0
        raise _RefusedError(f"no alternatives for {name}")
    current = current_choice(files, name)
    group = _with_mode(call, group or wanted or LinkGroup(name, ""), current)
    group, chosen = _applied(request, group, wanted, current)
    if not group.choices:
        remove_group(files, group)
        return 0
    choice = group.choice(chosen) if chosen else group.choice(current or "")
    if choice:
        if "--force" in call.arguments:
            _check_forced(call, group)
        for warning in install_choice(files, group, choice):
            call.stderr.text(f"{call.name}: warning: {warning}\n")
    save_group(files, group)
    return 0


def _check_forced(call: Invocation, group: LinkGroup) -> None:
    """Refuse to put links in place of files, which is all that ``--force`` is about."""
    for link in (group.link, *group.slaves.values()):
        entry = call.files.lstat(link)
        if entry is not None and entry.kind is not Kind.SYMLINK:
            raise NotUnderstoodError(f"update-alternatives --force over {link}")


def _wanted(call: Invocation, request: _Request) -> LinkGroup:
    """Return the group that ``--install`` describes."""
    link, name, path, priority = request.operands
    for text in (link, path, *(text for slave in request.slaves for text in (slave[0], slave[2]))):
        if not text.startswith("/") or "\n" in text:
            raise _RefusedError(f"alternative path is not absolute as it should be: {text}")
    for text in (name, *(slave[1] for slave in request.slaves)):
        if not text or set(text) & set("/ \t\n"):
            raise _RefusedError(f"alternative name ({text}) must not contain '/' and spaces")
    if not priority.removeprefix("-").isdigit():
        raise _RefusedError("priority must be an integer")
    slaves = {slave_name: slave_link for slave_link, slave_name, _ in request.slaves}
    links = (link, *slaves.values())
    if len({name, *slaves}) != 1 + len(request.slaves) or len(set(links)) != len(links):
        raise _RefusedError(f"a name or link of {name} is given twice")
    if not call.files.exists(path):
        raise _RefusedError(f"alternative path {path} doesn't exist")
    choice = Choice(path, int(priority), {slave_name: file for _, slave_name, file in request.slaves})
    wanted = LinkGroup(name, link, slaves=slaves, choices=(choice,))
    _check_conflicts(call, wanted)
    return wanted


def _check_conflicts(call: Invocation, wanted: LinkGroup) -> None:
    """Refuse names and links that another group has."""
    for other in load_groups(call.files):
        if other.name == wanted.name:
            continue
        if wanted.name in other.slaves:
            raise _RefusedError(f"alternative {wanted.name} can't be master: it is a slave of {other.name}")
        for link in (wanted.link, *wanted.slaves.values()):
            if link in {other.link, *other.slaves.values()}:
                raise _RefusedError(f"alternative link {link} is already managed by {other.name}")
        for slave in wanted.slaves:
            if slave == other.name or slave in other.slaves:
                raise _RefusedError(f"alternative {slave} can't be slave of {wanted.name}: {other.name} has it")


def _with_mode(call: Invocation, group: LinkGroup, current: str | None) -> LinkGroup:
    """Return the group in the mode that its link shows: somebody may have changed the link by hand."""
    if current is None:
        return replace(group, automatic=True)
    if group.choice(current):
        return group
    return replace(group, automatic=not call.files.exists(current))


def _applied(
    request: _Request, group: LinkGroup, wanted: LinkGroup | None, current: str | None
) -> tuple[LinkGroup, str]:
    """Return the changed group and the path to choose now; an empty one leaves the choice as it is."""
    match request.action:
        case "--install":
            group = _evolved(group, wanted or group)
            return group, group.best.path if group.automatic and group.best else ""
        case "--remove-all":
            return replace(group, choices=()), ""
        case "--auto":
            group = replace(group, automatic=True)
            return group, group.best.path if group.best else ""
    path = request.operands[1]
    if request.action == "--set":
        if group.choice(path) is None:
            raise _RefusedError(f"alternative {path} for {group.name} not registered; not setting")
        return replace(group, automatic=False), path
    group = replace(group, choices=tuple(choice for choice in group.choices if choice.path != path))
    if current == path:
        group = replace(group, automatic=True)
        return group, group.best.path if group.best else ""
    return group, ""


def _evolved(group: LinkGroup, wanted: LinkGroup) -> LinkGroup:
    """Return the group with the choice of another one of the same name."""
    new = wanted.choices[0]
    moved = [name for name, link in wanted.slaves.items() if group.slaves.get(name, link) != link]
    if group.link != wanted.link or moved:
        raise NotUnderstoodError(f"update-alternatives moves a link of {group.name}")
    choices = tuple(new if choice.path == new.path else choice for choice in group.choices)
    if group.choice(new.path) is None:
        choices = (*choices, new)
    return replace(group, slaves={**group.slaves, **wanted.slaves}, choices=choices)


def _known(call: Invocation, request: _Request) -> LinkGroup:
    group = load_group(call.files, request.operands[0])
    if group is None:
        raise _RefusedError(f"no alternatives for {request.operands[0]}")
    return group


def _list(call: Invocation, request: _Request) -> int:
    for choice in _known(call, request).sorted_choices:
        call.stdout.text(f"{choice.path}\n")
    return 0


def _query(call: Invocation, request: _Request) -> int:
    group = _known(call, request)
    slaves = group.used_slaves
    lines = [f"Name: {group.name}", f"Link: {group.link}"]
    if slaves:
        lines += ["Slaves:", *(f" {name} {link}" for name, link in slaves.items())]
    lines.append(f"Status: {'auto' if group.automatic else 'manual'}")
    if group.best:
        lines.append(f"Best: {group.best.path}")
    lines.append(f"Value: {current_choice(call.files, group.name) or 'none'}")
    for choice in group.sorted_choices:
        lines += ["", f"Alternative: {choice.path}", f"Priority: {choice.priority}"]
        if any(name in choice.slaves for name in slaves):
            lines.append("Slaves:")
            lines += [f" {name} {choice.slaves[name]}" for name in slaves if name in choice.slaves]
    call.stdout.text("".join(f"{line}\n" for line in lines))
    return 0


def _display(call: Invocation, request: _Request) -> int:
    group = _known(call, request)
    current = current_choice(call.files, group.name)
    slaves = group.used_slaves
    lines = [f"{group.name} - {'auto' if group.automatic else 'manual'} mode"]
    if group.best:
        lines.append(f"  link best version is {group.best.path}")
    lines.append(f"  link currently points to {current}" if current else "  link currently absent")
    lines.append(f"  link {group.name} is {group.link}")
    lines += [f"  slave {name} is {link}" for name, link in slaves.items()]
    for choice in group.sorted_choices:
        lines.append(f"{choice.path} - priority {choice.priority}")
        lines += [f"  slave {name}: {choice.slaves[name]}" for name in slaves if name in choice.slaves]
    call.stdout.text("".join(f"{line}\n" for line in lines))
    return 0


def _selections(call: Invocation, _request: _Request) -> int:
    for group in load_groups(call.files):
        mode = "auto" if group.automatic else "manual"
        call.stdout.text(f"{group.name:<30} {mode:<8} {current_choice(call.files, group.name) or ''}\n")
    return 0


_READERS: Mapping[str, Callable[[Invocation, _Request], int]] = {
    "--display": _display,
    "--get-selections": _selections,
    "--list": _list,
    "--query": _query,
}

COMMANDS: Mapping[str, Command] = {"update-alternatives": _update_alternatives}
"""Programs by name."""
