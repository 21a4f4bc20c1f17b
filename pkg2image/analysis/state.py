"""What a service writes: directories that are made when it starts, volumes that keep its state, logs on the output.

Spec: systemd.exec(5) ``RuntimeDirectory=`` and its kin, ``ReadWritePaths=``; systemd.service(5) ``PIDFile=``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkg2image.analysis.commandline import expand_command, expand_specifiers, split_commands, split_words
from pkg2image.analysis.units import Unit, UnitError
from pkg2image.rootfs.tree import Entry, Kind, Tree
from pkg2image.rootfs.users import Accounts

_MADE: Mapping[str, str] = {
    "RuntimeDirectory": "/run",
    "StateDirectory": "/var/lib",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
}
_KEEPING = ("var/lib", "var/spool", "var/cache", "var/log")
_OF_OTHERS = frozenset(("var/log/runit",))
_GROUP_WRITE, _SET = 0o020, 0o7777
_NEW_MODE = 0o755


@dataclass(frozen=True, slots=True)
class MadeDirectory:
    """A directory that must be there when a service starts.

    Args:
        path: Absolute.
        user: Owner by name or number.
        group: Group by name or number.
        mode: Permission bits.
        source: What would make it.
    """

    path: str
    user: str
    group: str
    mode: int
    source: str


@dataclass(frozen=True, slots=True)
class LeftCommand:
    """A command that comes before the start and is not followed.

    Args:
        text: It, for people.
        words: Program and arguments; empty when it cannot be split.
        may_fail: Whether nobody minds its exit code.
        is_privileged: Whether it is not run as the user of the unit.
    """

    text: str
    words: tuple[str, ...] = ()
    may_fail: bool = False
    is_privileged: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be done for the commands that come before the start.

    Args:
        directories: Those that they would make, or change.
        left: The other commands.
    """

    directories: tuple[MadeDirectory, ...]
    left: tuple[LeftCommand, ...]


def made_directories(unit: Unit, tree: Tree, *, user: str, group: str) -> tuple[MadeDirectory, ...]:
    """Return the directories that systemd would make for a unit.

    Args:
        unit: The unit.
        tree: The finished root filesystem.
        user: Who owns them; empty to leave that as it is.
        group: Their group; empty to leave that as it is.
    """
    found: list[MadeDirectory] = []
    for key, above in _MADE.items():
        mode = _mode(unit.value(f"{key}Mode"), 0o755)
        for each in unit.every(key):
            for path in (f"{above}/{name}" for name in _names(each.value, unit)):
                old = _as_it_is(path, tree.lookup(path), each.origin)
                found.append(MadeDirectory(path, user or old.user, group or old.group, mode, each.origin))
    file = unit.last("PIDFile")
    place = _parent(file.value, unit) if file else ""
    known = {each.path for each in found}
    if file and place.startswith("/run/") and place not in known and tree.lookup(place) is None:
        found.append(MadeDirectory(place, user or "root", group or "root", 0o755, file.origin))
    return tuple(found)


def socket_directories(sockets: Iterable[Unit], tree: Tree, *, user: str, group: str) -> Iterator[MadeDirectory]:
    """Yield the directories that systemd would make for the sockets of a service.

    Args:
        sockets: The sockets that start it.
        tree: The finished root filesystem.
        user: Who runs the service, and here makes the sockets itself; empty for root.
        group: Their group; empty for that of root.
    """
    for socket in sockets:
        for each in socket.every("ListenStream", "Socket") + socket.every("ListenDatagram", "Socket"):
            place = _parent(each.value, socket) if each.value.startswith("/") else ""
            if place.startswith("/run/") and tree.lookup(place) is None:
                yield MadeDirectory(place, user or "root", group or "root", _NEW_MODE, each.origin)


def _names(value: str, unit: Unit) -> Iterator[str]:
    try:
        words = split_words(expand_specifiers(value, unit))
    except UnitError:
        return
    for word in words:
        name = word.partition(":")[0].strip("/")
        if name and _is_plain(name):
            yield name


def _is_plain(path: str) -> bool:
    return ".." not in path.split("/") and path.isprintable()


def _parent(path: str, unit: Unit) -> str:
    try:
        whole = expand_specifiers(path, unit)
    except UnitError:
        return ""
    above = (whole if whole.startswith("/") else f"/run/{whole}").replace("/var/run/", "/run/").rpartition("/")[0]
    return above if _is_plain(above) else ""


def _mode(text: str, otherwise: int) -> int:
    legal = 0 < len(text) <= 5 and set(text) <= set("01234567")
    return int(text, 8) & _SET if legal else otherwise


def prepared(unit: Unit, tree: Tree, environment: Mapping[str, str], accounts: Accounts) -> Prepared:
    """Follow the ``ExecStartPre=`` commands that only make directories, without running them.

    Args:
        unit: The unit.
        tree: The finished root filesystem.
        environment: Its variables.
        accounts: Users and groups of the image.
    """
    found: dict[str, MadeDirectory] = {}
    left = []
    for each in unit.every("ExecStartPre"):
        try:
            commands = split_commands(each.value, each.origin)
            lines = [(command, expand_command(command, unit, environment)) for command in commands]
        except UnitError:
            left.append(LeftCommand(each.value))
            continue
        for command, words in lines:
            asked = _asked_for(words, accounts)
            if asked is None:
                is_privileged = command.is_privileged or unit.is_set("PermissionsStartOnly")
                left.append(LeftCommand(" ".join(words), tuple(words), command.may_fail, is_privileged))
                continue
            for path in asked.paths:
                found[path] = _done(asked, path, found.get(path), tree.lookup(path), command.origin)
    return Prepared(tuple(found.values()), tuple(left))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What ``mkdir``, ``install -d``, ``chown`` or ``chmod`` is told.

    Args:
        paths: Directories.
        user: Owner; empty to leave it alone.
        group: Group; empty to leave it alone.
        mode: Permission bits; None to leave them alone.
        only_new: Whether what is there already stays as it is.
    """

    paths: tuple[str, ...]
    user: str
    group: str
    mode: int | None
    only_new: bool


def _asked_for(words: Sequence[str], accounts: Accounts) -> _Asked | None:
    """Return what a command that makes or changes directories is told; None when it is another, or not plain."""
    name = words[0].rpartition("/")[2]
    options, paths = _options(words[1:], "mog" if name == "install" else "m")
    owner, mode = "", None
    match name:
        case "mkdir":
            mode = _mode(options.get("m", ""), _NEW_MODE)
        case "install" if "d" in options:
            owner, mode = f"{options.get('o', '')}:{options.get('g', '')}", _mode(options.get("m", ""), _NEW_MODE)
        case "chown" if paths:
            owner = paths.pop(0)
        case "chmod" if paths:
            mode = _mode(paths.pop(0), -1)
        case _:
            return None
    user, _, group = owner.partition(":")
    known = user in {"", *accounts.identities.users} and group in {"", *accounts.identities.groups}
    if not paths or not known or mode == -1 or "--" in options or not all(map(_is_ours, paths)):
        return None
    places = tuple(path.rstrip("/").replace("/var/run/", "/run/") for path in paths)
    return _Asked(places, user, group, mode, only_new=name == "mkdir")


def _done(asked: _Asked, path: str, made: MadeDirectory | None, there: Entry | None, origin: str) -> MadeDirectory:
    old = made or _as_it_is(path, there, origin)
    is_kept = asked.mode is None or (asked.only_new and (there is not None or made is not None))
    mode = old.mode if is_kept or asked.mode is None else asked.mode
    return MadeDirectory(path, asked.user or old.user, asked.group or old.group, mode, origin)


def _is_ours(path: str) -> bool:
    return path.startswith(("/run/", "/var/")) and _is_plain(path)


def _as_it_is(path: str, entry: Entry | None, origin: str) -> MadeDirectory:
    if entry is None:
        return MadeDirectory(path, "root", "root", 0o755, origin)
    return MadeDirectory(path, entry.user, entry.group, entry.mode, origin)


def _options(arguments: Sequence[str], with_value: str) -> tuple[dict[str, str], list[str]]:
    """Return options by letter and the other words; an option with a long name counts as ``--``."""
    options: dict[str, str] = {}
    words = list(arguments)
    others = []
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            options["--"] = word
        elif not word.startswith("-"):
            others.append(word)
        for at, letter in enumerate(word[1:] if word.startswith("-") else "", start=1):
            options[letter] = ""
            if letter in with_value:
                options[letter] = word[at + 1 :] or (words.pop(0) if words else "")
                break
    return options, others


def find_volumes(
    unit: Unit | None,
    tree: Tree,
    members: Sequence[str],
    *,
    user: str,
    made: Sequence[MadeDirectory],
    accounts: Accounts,
) -> dict[str, str]:
    """Return the directories that hold state, and why: path -> source.

    Args:
        unit: The unit, when there is one.
        tree: The finished root filesystem.
        members: Packages that the service consists of.
        user: Who runs it.
        made: Directories that are made for it.
        accounts: Users and groups of the image.
    """
    found = {each.path: each.source for each in made if each.path.startswith("/var/")}
    for each in unit.every("ReadWritePaths") + unit.every("ReadWriteDirectories") if unit else ():
        for path in each.value.split():
            place = path.lstrip("-+").rstrip("/")
            is_state = place.count("/") > 2 and place.lstrip("/").startswith(_KEEPING) and _is_plain(place)
            if is_state and tree.is_directory(place):
                found.setdefault(place, each.origin)
    whose = _Whose(frozenset(members), user, frozenset(each.home.strip("/") for each in accounts.users) - {""})
    for above in _KEEPING:
        for path in _owned(above, tree, whose):
            found.setdefault(f"/{path}", f"kept for {tree[path].user}:{tree[path].group} by its packages")
    inner = {path for path in found if any(path.startswith(f"{other}/") for other in found)}
    return {path: found[path] for path in sorted(found) if path not in inner}


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whose directories are looked for.

    Args:
        members: Packages that the service consists of.
        user: Who runs it.
        homes: Home directories of all users. One that its user may not write is for being locked up in, not for state.
    """

    members: frozenset[str]
    user: str
    homes: frozenset[str]

    def has(self, entry: Entry) -> bool:
        """Say whether a directory is the service's."""
        made_by = {entry.package, entry.origin.partition(" ")[0]}
        return bool(made_by & self.members) or (self.user != "root" and self.user in {entry.user, entry.group})

    def may_fill(self, path: str, tree: Tree) -> bool:
        """Say whether an unremarkable directory of root's waits for files of a service that root starts."""
        is_locked_up = any(path == home or path.startswith(f"{home}/") for home in self.homes)
        return self.user == "root" and not is_locked_up and not _has_files(path, tree)


def _owned(above: str, tree: Tree, whose: _Whose, depth: int = 2) -> Iterator[str]:
    for name in tree.children(above):
        path = f"{above}/{name}"
        entry = tree[path]
        if entry.kind is not Kind.DIRECTORY or path in _OF_OTHERS or not whose.has(entry):
            continue
        inner = list(_owned(path, tree, whose, depth - 1)) if depth > 1 else []
        if _is_writable(entry) or len(inner) > 1 or whose.may_fill(path, tree):
            yield path
        else:
            yield from inner


def _is_writable(entry: Entry) -> bool:
    return entry.user != "root" or (entry.group not in {"root", "adm"} and bool(entry.mode & _GROUP_WRITE))


def _has_files(path: str, tree: Tree) -> bool:
    below = (f"{path}/{name}" for name in tree.children(path))
    return any(tree[each].kind is not Kind.DIRECTORY or _has_files(each, tree) for each in below)
