"""From a unit to the configuration of an image: what its ``[Service]`` section means where no systemd is.

Sandboxing is the container's business and is passed over, and so is everything about restarts and dependencies.

Spec: systemd.service(5), systemd.exec(5), systemd.kill(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pkg2image.analysis.commandline import Command, expand_command, expand_specifiers, variables_of
from pkg2image.analysis.foreground import Started, for_image
from pkg2image.analysis.listening import Listening, find_ports, sockets_of
from pkg2image.analysis.preparation import SHELL, Preparation, preparation, prepared_start
from pkg2image.analysis.programs import ProgramFacts
from pkg2image.analysis.services import start_command
from pkg2image.analysis.state import (
    LeftCommand,
    MadeDirectory,
    find_volumes,
    made_directories,
    prepared,
    socket_directories,
)
from pkg2image.analysis.unitenvironment import environment_of, read_shell_assignments
from pkg2image.analysis.units import Unit, UnitError, UnitFiles, read_text
from pkg2image.analysis.uses import Uses, uses_of
from pkg2image.image.config import ImageConfig, Port
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.users import Accounts

Links = Mapping[str, str]
"""Path -> what it leads to, or is a copy of."""

_FIRST_FREE_PORT = 1024
_ALWAYS_GIVEN = frozenset(
    f"CAP_{name}"
    for name in (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
"""What engines give to root in a container when nobody says otherwise."""

_BINDING = "CAP_NET_BIND_SERVICE"
_NOBODY = "nobody"
_SYSTEM_VARIABLES = frozenset(("PATH", "LANG", "HOME"))


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """How an image starts a service.

    Args:
        title: What is started, in words.
        config: The runtime configuration, without what every image has.
        sources: Field of the configuration -> what it comes from.
        directories: What has to be there when it starts.
        links: Log files that are links to a standard stream.
        copies: Files that are copies of others.
        uses: What it is started with.
        notes: What to know about it.
    """

    title: str
    config: ImageConfig
    sources: Mapping[str, str]
    directories: tuple[MadeDirectory, ...] = ()
    links: Links = field(default_factory=dict)
    copies: Links = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who runs a service.

    Args:
        user: Name or number; ``root`` when nobody is named.
        group: Name; empty for the primary one of the user.
        source: What says so; empty when nothing does.
        notes: What is wrong about it.
    """

    user: str = "root"
    group: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As images have it: empty for root."""
        if self.user == "root" and not self.group:
            return ""
        return f"{self.user}:{self.group}" if self.group else self.user


def service_config(unit: Unit, files: UnitFiles, accounts: Accounts, members: Sequence[str]) -> ServiceConfig:
    """Return how an image starts a unit.

    Args:
        unit: A service that can be started.
        files: The units of the image.
        accounts: Users and groups of the image.
        members: Packages that the service consists of.
    """
    tree, read = files.tree, files.read
    environment = environment_of(unit, tree, read)
    command = start_command(unit)
    words = expand_command(command, unit, environment.values)
    started = for_image(words, environment.values, tree)
    identity = _identity(unit, accounts, command)
    before = prepared(unit, tree, environment.values, accounts)
    owner = _identity(unit, accounts)  # also where the command itself is not run as that user
    group = owner.group or primary_group(accounts, owner.user)
    is_named = bool(unit.value("User")) or owner.user != "root"
    user, group = (owner.user, group) if is_named else ("", owner.group)
    directories = (
        *socket_directories(sockets_of(unit, files), tree, user=user, group=group),
        *made_directories(unit, tree, user=user, group=group),
        *before.directories,
    )
    hidden = variables_of(command) | frozenset(started.facts.unset if started.facts else ())
    used = {name: each for name, each in environment.variables.items() if name not in hidden}
    made = finish(
        f"{unit.name} of {unit.package}",
        started,
        unit,
        files,
        members,
        identity=identity,
        accounts=accounts,
        directories=directories,
        environment={name: each.value for name, each in used.items()},
        before=before.left,
    )
    sources = {
        **made.sources,
        "entrypoint": _joined(command.origin, *started.changes),
        **({"user": identity.source} if identity.source else {}),
    }
    if used:
        origins = dict.fromkeys(each.origin for each in used.values())
        sources["environment"] = _joined(*origins, made.sources.get("environment", ""))
    notes = (
        *environment.notes,
        *dict.fromkeys((*identity.notes, *owner.notes)),
        *_about_foreground(unit, started),
        *_about_capabilities(unit, identity, made.config.ports),
    )
    return replace(made, sources=sources, notes=(*notes, *made.notes))


def primary_group(accounts: Accounts, user: str) -> str:
    """Return the name of the group that a user is in by default; of an unknown user that of root."""
    account = accounts.user(user)
    found = (group.name for group in accounts.groups if account is not None and group.gid == account.gid)
    return next(found, "root")


def finish(
    title: str,
    started: Started,
    unit: Unit | None,
    files: UnitFiles,
    members: Sequence[str],
    *,
    identity: Identity,
    accounts: Accounts,
    directories: Sequence[MadeDirectory],
    environment: Mapping[str, str],
    before: Sequence[LeftCommand] = (),
) -> ServiceConfig:
    """Return the configuration of a command line that is ready, with what the image says around it.

    Args:
        title: What is started, in words.
        started: The command line.
        unit: Its unit, when it has one.
        files: The units of the image.
        members: Packages that the service consists of.
        identity: Who runs it.
        accounts: Users and groups of the image.
        directories: What is made for it.
        environment: Its variables.
        before: What its unit runs before it.
    """
    tree, facts = files.tree, started.facts
    names = (*((unit.stem, unit.prefix) if unit else ()), *members, started.words[0].rpartition("/")[2])
    names = (*names, *(name.rstrip("0123456789.") for name in names))
    listening = find_ports(started.words, unit, files, facts, names)
    all_made = _with_known(directories, facts, tree)
    links = _log_links(started, tree)
    volumes = find_volumes(unit, tree, members, user=identity.user, made=all_made, accounts=accounts)
    volumes.update({path: facts.source for path in facts.volumes if tree.is_directory(path)} if facts else {})
    volumes = {path: why for path, why in volumes.items() if not any(_above(link) == path for link in links)}
    signal, signal_source = _stop_signal(unit, facts)
    workdir, workdir_source = _workdir(unit, tree)
    shell = _shell_environment(facts, files)
    sources = {
        "entrypoint": _joined(*started.changes),
        "environment": facts.environment_from if facts and shell else "",
        "ports": listening.source,
        "volumes": "; ".join(f"{path}: {why}" for path, why in volumes.items()),
        "stop_signal": signal_source,
        "workdir": workdir_source,
    }
    copies, missing = _copies(facts, tree)
    done = preparation(before, facts, tree, is_root=identity.user == "root")
    notes = (*_about_listening(listening), *_about_preparation(done, tree), *_about_needs(facts, missing, done))
    shells = (SHELL,) if done.script else ()
    uses = uses_of(
        started,
        (*shells, *done.programs),
        tree,
        files.read,
        names=names,
        members=members,
        missing={source: f"copies it to {path} ({facts.source if facts else ''})" for path, source in missing},
    )
    config = ImageConfig(
        entrypoint=prepared_start(started.words, done) if _can_prepare(done, tree) else started.words,
        environment=tuple({**environment, **shell}.items()),
        user=identity.text,
        workdir=workdir,
        ports=listening.ports,
        volumes=tuple(volumes),
        stop_signal=signal,
    )
    known = {name: source for name, source in sources.items() if source}
    return ServiceConfig(title, config, known, all_made, links, copies, uses, notes)


def _can_prepare(done: Preparation, tree: Tree) -> bool:
    return bool(done.script) and tree.lookup(SHELL) is not None


def _about_preparation(done: Preparation, tree: Tree) -> Iterator[str]:
    if _can_prepare(done, tree):
        yield f"every start begins with: {'; '.join(done.script)}"
    else:
        yield from (f"not run before the start, for want of a shell: {line}" for line in done.script)
    yield from (f"not run before the start: {line}" for line in done.left)


def _about_needs(facts: ProgramFacts | None, missing: Sequence[tuple[str, str]], done: Preparation) -> Iterator[str]:
    yield from (f"it needs {path}, a copy of {source}, which the image lacks" for path, source in missing)
    if facts and facts.needs and not done.script:
        yield f"it needs {facts.needs}"


def _about_listening(listening: Listening) -> tuple[str, ...]:
    if not listening.loopback:
        return ()
    note = (
        f"it listens on the loopback address only ({listening.loopback}); nobody outside its container reaches it "
        "until its configuration says otherwise"
    )
    return (note,)


def _log_links(started: Started, tree: Tree) -> dict[str, str]:
    """Return the log files that can be links: path -> standard stream."""
    name = started.words[0].rpartition("/")[2]
    version = name[len(name.rstrip("0123456789.")) :]
    logs = started.facts.logs if started.facts else {}
    found = {path.replace("{version}", version): target for path, target in logs.items()}
    return {path: target for path, target in found.items() if tree.is_directory(_above(path))}


def _copies(facts: ProgramFacts | None, tree: Tree) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the files that can be copied, and those that cannot: path and path of the original."""
    wanted = {path: source for path, source in (facts.copies if facts else {}).items() if tree.lookup(path) is None}
    able = {path: source for path, source in wanted.items() if tree.lookup(source) is not None}
    return able, tuple((path, source) for path, source in wanted.items() if path not in able)


def _identity(unit: Unit, accounts: Accounts, command: Command | None = None) -> Identity:
    user, group = (_expanded(unit, key) for key in ("User", "Group"))
    named = unit.last("User") or unit.last("Group")
    if command is not None and command.is_privileged and user not in {"", "root"}:
        return Identity(source=f"{command.origin}: with a prefix that keeps it from being {user}")
    if named is None and not unit.is_set("DynamicUser"):
        return Identity()
    source = named.origin if named else "DynamicUser="
    if group and accounts.group(group) is None:
        group = ""
    is_known = user.isdigit() or accounts.user(user or "root") is not None
    if not is_known or (unit.is_set("DynamicUser") and not user):
        if unit.is_set("DynamicUser"):
            return Identity(_NOBODY, "", f"{source}: a user made up at the start, which is nobody in an image")
        note = f"the image has no user {user}, whom {source} names: it is started as root; say --user for another"
        return Identity(notes=(note,))
    primary = primary_group(accounts, user or "root")
    return Identity(user or "root", "" if group == primary else group, source)


def _expanded(unit: Unit, key: str) -> str:
    try:
        return expand_specifiers(unit.value(key), unit)
    except UnitError:
        return ""


def _with_known(made: Sequence[MadeDirectory], facts: ProgramFacts | None, tree: Tree) -> tuple[MadeDirectory, ...]:
    found = {each.path: each for each in made}
    for path, owner in (facts.directories if facts else {}).items():
        if path not in found and tree.lookup(path) is None:
            found[path] = MadeDirectory(path, owner, "root", 0o755, facts.source if facts else "")
    return tuple(found.values())


def _shell_environment(facts: ProgramFacts | None, files: UnitFiles) -> dict[str, str]:
    if facts is None or not facts.environment_from:
        return {}
    text = read_text(files.tree, files.read, facts.environment_from) or ""
    assigned = read_shell_assignments(text)
    return {name: value for name, value in assigned.items() if name not in _SYSTEM_VARIABLES}


def _stop_signal(unit: Unit | None, facts: ProgramFacts | None) -> tuple[str, str]:
    said = unit.last("KillSignal") if unit else None
    if said is not None and said.value not in {"", "SIGTERM", "TERM", "15"} and not said.value.isdigit():
        return f"SIG{said.value.removeprefix('SIG')}", said.origin
    if facts is not None and facts.stop_signal:
        return facts.stop_signal, facts.source
    return "", ""


def _workdir(unit: Unit | None, tree: Tree) -> tuple[str, str]:
    said = unit.last("WorkingDirectory") if unit else None
    path = _expanded(unit, "WorkingDirectory").removeprefix("-") if unit else ""
    if said is None or path in {"", "/"} or ".." in path.split("/") or not tree.is_directory(path):
        return "", ""
    return path.rstrip("/"), said.origin


def _about_foreground(unit: Unit, started: Started) -> tuple[str, ...]:
    if unit.value("Type") != "forking" or started.changes:
        return ()
    note = (
        f"{unit.name} leaves the foreground (Type=forking), and it is not known how {started.words[0]} stays in it: "
        "the container may end at once; say --entrypoint with the option that keeps it"
    )
    return (note,)


def _about_capabilities(unit: Unit, identity: Identity, ports: Sequence[Port]) -> tuple[str, ...]:
    given = {name for each in unit.every("AmbientCapabilities") for name in each.value.lstrip("~").split()}
    notes = []
    low = min((port.number for port in ports), default=_FIRST_FREE_PORT)
    if identity.user != "root" and low < _FIRST_FREE_PORT:
        notes.append(
            f"not every engine lets {identity.user} listen on port {low}: "
            f"run it with --sysctl net.ipv4.ip_unprivileged_port_start={low} if it complains"
        )
    more = sorted(given - {_BINDING} if identity.user != "root" else given - _ALWAYS_GIVEN)
    if more:
        names = " ".join(f"--cap-add {name.removeprefix('CAP_')}" for name in more)
        notes.append(f"its unit gives it more than containers have: run it with {names} if it complains")
    return tuple(notes)


def _above(path: str) -> str:
    return path.rpartition("/")[0]


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
